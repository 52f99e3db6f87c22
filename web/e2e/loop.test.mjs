// The loop as people walk it, against the real server: shared, joined, paid, shipped, received, commission, refund.
// TUAN_BIN is the binary; SHOTS=folder saves a picture of every page on the way.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { startBrowser } from './harness.mjs'
import { choose, fillAddress, pay, signInAs, signInByPhone } from './real/acts.mjs'
import { minor, newPerson } from './real/person.mjs'
import { startReal } from './real/server.mjs'

const DAY = 86_400
const program = process.env.TUAN_BIN
const skip = program ? false : 'TUAN_BIN names no binary'
let server
let browser
let folder
before(async () => {
  if (!program) return
  folder = await mkdtemp(join(tmpdir(), 'tuan-files-'))
  server = await startReal(program)
  browser = await startBrowser(server.url)
})
afterEach(async () => {
  if (server) await server.audit()
})
after(async () => {
  await browser?.close()
  await server?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** Searches until the product is found: what was put on sale just now is within two seconds. */
async function search(person, title) {
  const end = Date.now() + 10_000
  do {
    await person.go(`/search?q=${encodeURIComponent(title)}`)
    if (await person.page.locator('.grid li').filter({ hasText: title }).count()) return
  } while (Date.now() < end)
  assert.fail(`${title} is not found`)
}

/** The product's page, found as a shopper finds it. */
async function findProduct(person, title) {
  await search(person, title)
  await person.look('search')
  await person.link(title).first().click()
  await person.page.waitForURL(/\/p\//)
  await person.look('product')
}

/** A member opens a team, pays from the wallet and makes a link to it. */
async function openTeam(sharer, title, variant, size) {
  const { page, say } = sharer
  await findProduct(sharer, title)
  await page.getByRole('button', { name: new RegExp(`${say.openTeam}$`) }).click()
  await choose(sharer, variant, say.openTeam)
  const order = await pay(sharer, 'wallet')
  await sharer.text(say.missing(size - 1))
  await sharer.look('team_opened')
  await sharer.button(say.invite).click()
  const dialog = page.getByRole('dialog', { name: say.share })
  const link = dialog.getByLabel(say.link)
  await page.waitForFunction(() => /\/s\//.test(document.querySelector('dialog input')?.value ?? ''))
  const url = await link.inputValue()
  await sharer.look('share_sheet')
  await dialog.getByRole('button', { name: say.close }).click()
  return { order, url: new URL(new URL(url).pathname, server.url).href, team: new URL(page.url()).pathname }
}

/** Somebody new follows the link, signs in and takes the last seat. */
async function joinByLink(guest, { url, team }, { variant, phone, name, method, sharer, price }) {
  const { page, say } = guest
  await guest.go(new URL(url).pathname)
  await page.waitForURL((at) => at.pathname === team)
  await guest.text(say.sharedBy(sharer))
  await guest.text(price)
  await guest.look('landing')
  await page.getByRole('link', { name: say.joinThis }).or(page.getByRole('button', { name: say.joinThis })).click()
  await page.waitForURL(/\/p\//)
  await page.getByRole('dialog').waitFor()
  await choose(guest, variant, say.joinTeam)
  await page.waitForURL(/\/sign-in/)
  await guest.look('sign_in')
  await signInByPhone(guest, phone)
  await page.waitForURL(/\/checkout/)
  await fillAddress(guest, name, phone)
  const order = await pay(guest, method)
  await guest.text(say.filled)
  await guest.look('team_filled')
  return order
}

/** Follows the link to a team that waits for more, and takes a seat; answers the order. */
async function takeSeat(guest, opened, { variant, phone, name }) {
  await guest.go(new URL(opened.url).pathname)
  await guest.page.waitForURL((at) => at.pathname === opened.team)
  await guest.page.getByRole('link', { name: guest.say.joinThis }).or(guest.page.getByRole('button', { name: guest.say.joinThis })).click()
  await guest.page.getByRole('dialog').waitFor()
  await choose(guest, variant, guest.say.joinTeam)
  await signInByPhone(guest, phone)
  await fillAddress(guest, name, phone)
  return pay(guest, 'sandbox')
}

async function balance(person) {
  await person.go('/me/wallet')
  const text = await person.page.locator('#main .big .money').first().innerText()
  await person.look('wallet')
  return minor(text)
}

test('from a shared link to a paid commission, and back', { skip, timeout: 120_000 }, async () => {
  const sharer = await newPerson(browser, { path: '/' })
  await sharer.look('home')
  await sharer.go('/sign-in')
  await signInAs(sharer, '陈静')
  await sharer.look('me')
  const opened = await openTeam(sharer, '茉莉花茶', '100 克', 2)

  // What a chat shows of the link, without a script.
  const page = await (await fetch(opened.url)).text()
  assert.match(page, /<title>茉莉花茶 · 团<\/title>/)
  assert.match(page, /<meta property="og:title" content="茉莉花茶">/)
  assert.match(page, /<meta property="og:description" content="¥36\.00 · 陈\* 分享给你">/)
  assert.match(page, /<meta property="og:image" content="http[^"]+\/media\/pic_[^"]+">/)
  assert.match(page, /<meta property="product:price:amount" content="36\.00">/)

  const guest = await newPerson(browser, { path: '/categories' })
  await guest.look('categories')
  const order = await joinByLink(guest, opened, { variant: '100 克', phone: '13911112222', name: '周末', method: 'wallet', sharer: '陈*', price: '¥36.00' })
  await sharer.comes(sharer.say.filled)
  await sharer.look('team_filled_sharer')

  await sharer.go('/me/commissions')
  const mine = sharer.page.locator('#main li.card').filter({ hasText: sharer.say.frozen }).first()
  await mine.getByText('茉莉花茶').waitFor()
  const earned = minor(await mine.locator('.price').innerText())
  assert.equal(earned, 288)
  await sharer.look('commission_frozen')
  const before_ = await balance(sharer)

  const owner = await newPerson(browser, { path: '/console/sign-in', desk: true })
  await owner.look('console_sign_in')
  await signInAs(owner, '林予安')
  await owner.page.waitForURL(/\/dashboard/)
  await owner.look('dashboard')
  const desk = new URL(owner.page.url()).pathname.replace('/dashboard', '')
  await owner.go(`${desk}/orders?state=confirmed`)
  await owner.look('console_orders')
  await owner.page.locator('tr').filter({ hasText: '周末' }).getByRole('link').first().click()
  await owner.page.waitForURL(new RegExp(order))
  await owner.look('console_order')
  await owner.page.getByLabel('快递公司').fill('顺丰速运')
  await owner.page.getByLabel('运单号').fill('SF1234567890')
  await owner.button('发货').click()
  await owner.page.getByText('SF1234567890').first().waitFor()

  await guest.go(`/orders/${order}`)
  await guest.text('SF1234567890')
  await guest.look('order_shipped')
  await guest.button(guest.say.receive).click()
  const sure = guest.page.getByRole('dialog')
  await guest.look('receive')
  await sure.getByRole('button', { name: guest.say.receive, exact: true }).click()
  await sure.waitFor({ state: 'detached' }).catch(() => {})
  await guest.comes(/^已收货$/)
  await guest.look('order_received')

  await server.pass(9 * DAY)
  await sharer.go('/me/commissions')
  const same = sharer.page.locator('#main li.card').filter({ hasText: '茉莉花茶' }).first()
  await until(async () => {
    await sharer.go('/me/commissions')
    return (await same.innerText()).includes(sharer.say.released)
  }, 'the commission is paid')
  await sharer.look('commission_paid')
  // Older commissions may have become due as well.
  const paid = await balance(sharer)
  assert.ok(paid >= before_ + earned, `the wallet has ${paid}, had ${before_}`)
  await sharer.page.locator('#main li').filter({ hasText: '佣金' }).filter({ hasText: '¥2.88' }).first().waitFor()
  await guest.comes(guest.say.completed)
  await guest.look('order_completed')

  await owner.go(`${desk}/orders/${order}`)
  await owner.button('退款').click()
  const dialog = owner.page.getByRole('dialog')
  await dialog.getByRole('button', { name: /全额退款/ }).click()
  await dialog.getByLabel('退款原因').fill('茶叶受潮')
  await owner.look('console_refund')
  await dialog.getByRole('button', { name: '退款', exact: true }).click()
  await owner.page.getByText('退款已提交').waitFor()
  await owner.look('console_refunded')

  await until(async () => {
    await sharer.go('/me/commissions')
    return (await same.innerText()).includes(sharer.say.clawed)
  }, 'the commission is clawed back')
  await sharer.look('commission_clawed')
  assert.equal(await balance(sharer), paid - earned)
  await sharer.page.locator('#main li').filter({ hasText: '佣金追回' }).filter({ hasText: '-¥2.88' }).waitFor()
  await sharer.go('/me/shares')
  await sharer.look('shares')
  await guest.go(`/orders/${order}`)
  await guest.comes(guest.say.refunded)
  await guest.look('order_refunded')
  for (const person of [sharer, guest, owner]) await person.leave()
})

test('a guest pays at the cashier of the provider, in English', { skip, timeout: 90_000 }, async () => {
  const sharer = await newPerson(browser, { path: '/sign-in', locale: 'en' })
  await sharer.look('sign_in_en')
  await signInAs(sharer, '李雪梅')
  const opened = await openTeam(sharer, '阳光玫瑰葡萄', '1 斤', 2)
  const guest = await newPerson(browser, { path: '/', locale: 'en' })
  await guest.look('home_en')
  const order = await joinByLink(guest, opened, { variant: '1 斤', phone: '13911113333', name: 'Lena', method: 'sandbox', sharer: '李**', price: '¥13.80' })
  await sharer.comes(sharer.say.filled)
  await sharer.look('team_filled_en')
  await sharer.go('/me/commissions')
  await sharer.page.locator('#main li.card').filter({ hasText: '阳光玫瑰葡萄' }).filter({ hasText: '¥0.69' }).filter({ hasText: sharer.say.frozen }).first().waitFor()
  await sharer.look('commissions_en')
  await guest.go(`/orders/${order}`)
  await guest.text('Shared by 李**')
  await guest.look('order_en')
  for (const person of [sharer, guest]) await person.leave()
})

test('a team that does not fill gives everybody the money back', { skip, timeout: 90_000 }, async () => {
  const leader = await newPerson(browser, { path: '/sign-in' })
  await signInAs(leader, '王海涛')
  const opened = await openTeam(leader, '烟台红富士苹果', '3 斤装', 3)
  const guest = await newPerson(browser)
  const joined = await takeSeat(guest, opened, { variant: '3 斤装', phone: '13911114444', name: '吴桐' })
  await guest.text(guest.say.missing(1))
  await guest.look('team_waits')
  const before_ = await balance(leader)

  await server.pass(DAY + 60)
  for (const [person, order] of [[leader, opened.order], [guest, joined]]) {
    await person.go(opened.team)
    await person.comes(person.say.failed)
    await person.text('款项已自动原路全额退回')
    await person.look('team_failed')
    await person.go(`/orders/${order}`)
    await person.comes(person.say.refunded)
    await person.look('order_team_failed')
  }
  assert.ok((await balance(leader)) > before_, 'the wallet has its money again')
  await guest.go(opened.team)
  await guest.page.getByRole('link', { name: guest.say.buyAlone }).or(guest.page.getByRole('button', { name: guest.say.buyAlone })).click()
  await guest.page.waitForURL(/\/checkout/)
  await guest.text('¥19.80')
  await guest.look('buy_alone')
  for (const person of [leader, guest]) await person.leave()
})

test('two half-full teams become one when both leaders want it', { skip, timeout: 120_000 }, async () => {
  const [title, variant] = ['超细纤维擦车巾', '3 条']
  const first = await newPerson(browser, { path: '/sign-in' })
  await signInAs(first, '陈静')
  const early = await openTeam(first, title, variant, 4)
  const one = await newPerson(browser)
  const order = await takeSeat(one, early, { variant, phone: '13911115551', name: '苏晴' })
  await server.pass(600)
  const second = await newPerson(browser, { path: '/sign-in', locale: 'en' })
  await signInAs(second, '李雪梅')
  const late = await openTeam(second, title, variant, 4)
  const other = await newPerson(browser)
  await takeSeat(other, late, { variant, phone: '13911115552', name: '沈舟' })
  assert.notEqual(early.team, late.team)

  // A member is not asked; the leader proposes, and nothing happens until the other leader does too.
  await one.go(early.team)
  assert.equal(await one.page.getByRole('button', { name: '提议合并' }).count(), 0)
  await first.go(early.team)
  await first.look('merge_offer')
  await first.page.getByRole('listitem').filter({ hasText: '李**' }).filter({ hasText: '还差 2 人' }).getByRole('button', { name: '提议合并' }).click()
  await first.text('已提议，等对方团长同意')
  await first.text('已提议，等对方同意')
  await first.look('merge_offered')
  await first.text(first.say.missing(2))
  await second.go(late.team)
  const asked = second.page.getByRole('listitem').filter({ hasText: '陈*' }).filter({ hasText: '2 more needed' })
  await asked.getByText('They ask to merge').waitFor()
  await second.look('merge_asked')
  await asked.getByRole('button', { name: 'Agree' }).click()

  // The team with more time left took the other in; with it all seats are taken.
  await second.comes(second.say.filled)
  assert.equal(new URL(second.page.url()).pathname, late.team)
  await second.look('merged')
  assert.equal(await second.page.locator('.faces').first().getByRole('listitem').count(), 4)
  assert.equal(await second.page.getByText('Leader', { exact: true }).count(), 1)
  await first.go(early.team)
  await first.comes('这个团已并入另一个团')
  await first.look('merged_away')
  await first.link('查看合并后的团').click()
  await first.page.waitForURL((at) => at.pathname === late.team)
  await first.comes(first.say.filled)
  await first.text('我')
  await first.look('merged_into')
  await one.go(`/orders/${order}`)
  await one.link('查看拼团').click()
  await one.page.waitForURL((at) => at.pathname === late.team)
  await one.comes(one.say.filled)
  for (const person of [first, one, second, other]) await person.leave()
})

test('a product from a file, with a team price', { skip, timeout: 90_000 }, async () => {
  const title = '桂花龙井'
  const csv = [
    '商品编码,商品名称,商品描述,商品分类,规格1名,规格1值,货号,价格,库存',
    `osmanthus-longjing,${title},"当年新桂花窨制，三窨一提。\n每罐五十克。",tea,净含量,50 克,GH-50,58.00,120`,
    'osmanthus-longjing,,,,,100 克,GH-100,108.00,60',
    'broken,坏掉的一行,没有价格,tea,,,GH-0,十块,5',
  ].join('\r\n')
  const file = join(folder, '商品.csv')
  await writeFile(file, `\ufeff${csv}`)

  const owner = await newPerson(browser, { path: '/console/sign-in', desk: true })
  await signInAs(owner, '林予安')
  await owner.page.waitForURL(/\/dashboard/)
  const desk = new URL(owner.page.url()).pathname.replace('/dashboard', '')
  await owner.go(`${desk}/products/import`)
  await owner.page.locator('input[type=file]').setInputFiles(file)
  await owner.text('试运行结果')
  await owner.text('新建 1，更新 0，跳过 1')
  await owner.look('import_dry')
  await owner.go(`${desk}/products?q=${encodeURIComponent(title)}`)
  assert.equal(await owner.link(title).count(), 0, 'a dry run changes nothing')

  await owner.go(`${desk}/products/import`)
  await owner.page.locator('input[type=file]').setInputFiles(file)
  await owner.button('确认导入').click()
  await owner.text('导入结果')
  await owner.look('import_done')
  await owner.go(`${desk}/products?q=${encodeURIComponent(title)}`)
  await owner.look('products')
  await owner.link(title).click()
  await owner.page.waitForURL(/\/products\/prd_/)
  await owner.look('product_draft')
  await owner.button('上架').click()
  await owner.page.getByRole('button', { name: '下架', exact: true }).waitFor()
  await owner.look('product_published')

  await owner.go(`${desk}/activities/new`)
  await owner.page.getByRole('radio', { name: new RegExp(title) }).check()
  await owner.page.getByLabel(/^拼团价 50/).fill('46')
  await owner.page.getByLabel(/^拼团价 100/).fill('88')
  await owner.look('activity_new')
  await owner.button('创建').click()
  await owner.page.waitForURL(/\/activities$/)
  await owner.button(`开始 ${title}`).click()
  await owner.button(`结束 ${title}`).waitFor()
  await owner.look('activities')

  for (const locale of ['zh-CN', 'en']) {
    const shopper = await newPerson(browser, { locale })
    await search(shopper, title)
    const card = shopper.page.locator('.grid li').filter({ hasText: title })
    assert.match(await card.innerText(), /¥46\.00[\s\S]*¥58\.00/)
    await shopper.look('search_imported')
    await card.getByRole('link').click()
    await shopper.page.waitForURL(/\/p\//)
    await shopper.text('¥46.00')
    await shopper.text('¥58.00')
    await shopper.look('product_imported')
    await shopper.leave()
  }
  await owner.leave()
})

async function until(holds, what) {
  const end = Date.now() + 15_000
  while (!(await holds())) {
    if (Date.now() > end) assert.fail(`${what}: not after 15 seconds`)
    await new Promise((done) => setTimeout(done, 300))
  }
}
