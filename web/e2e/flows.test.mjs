// Walks through the pages as a buyer and a merchant would, against the mock: what the pages do, not what the server decides.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axeCheck, settled, startBrowser } from './harness.mjs'
import { id } from './mock/data.mjs'
import { startMock } from './mock/server.mjs'

const shots = process.env.SHOTS
const shot = (page, name) => (shots ? page.screenshot({ path: `${shots}/${name}.png` }) : undefined)
const product = `/p/${id('prd', 1)}`
let mock
let browser
before(async () => {
  mock = await startMock()
  browser = await startBrowser(mock.url)
})
after(async () => {
  await browser?.close()
  await mock?.close()
})

test('a sold-out combination cannot be chosen', async () => {
  const page = await browser.open(product)
  await page.getByRole('button', { name: '单独购买' }).click()
  const dialog = page.getByRole('dialog', { name: '选择规格' })
  await dialog.getByRole('button', { name: '特大果' }).click()
  assert.equal(await dialog.getByRole('button', { name: '礼盒' }).isDisabled(), true)
  assert.equal(await dialog.getByRole('button', { name: '单独购买' }).isDisabled(), true)
  await shot(page, 'sku_sheet')
  await axeCheck(page)
  await page.keyboard.press('Escape')
  assert.equal(await dialog.count(), 0)
  await page.context().close()
})

test('joining a team says whose team it is, from the choice to the team page', async () => {
  const page = await browser.open(product)
  await page.getByRole('button', { name: '去拼单' }).first().click()
  const dialog = page.getByRole('dialog', { name: '选择规格' })
  await dialog.getByText('你将参加 王* 的团').waitFor()
  await dialog.getByRole('button', { name: '参加拼单' }).click()
  await page.waitForURL(/\/checkout/)
  await page.getByRole('heading', { name: '你将参加 王* 的团' }).waitFor()
  await page.getByRole('button', { name: '提交订单' }).click()
  await page.waitForURL(/\/cashier/)
  await page.getByRole('button', { name: '去支付' }).click()
  await page.waitForURL(/\/pay\//)
  await shot(page, 'payment_demo')
  await page.getByRole('button', { name: '支付成功', exact: true }).click()
  await page.getByText('已收到你的付款').waitFor()
  assert.deepEqual(page.errors, [])
  await page.context().close()
})

test('the same act keeps its key when it is repeated', async () => {
  const page = await browser.open(`/cashier?orders=${id('ord', 1)}`)
  const keys = []
  await page.route('**/api/v1/payments', async (route) => {
    keys.push(route.request().headers()['idempotency-key'])
    if (keys.length === 1) await route.abort()
    else await route.continue()
  })
  await page.getByRole('button', { name: '去支付' }).click()
  await page.getByText('连不上服务器').waitFor()
  await page.getByRole('button', { name: '去支付' }).click()
  await page.waitForURL(/\/pay\//)
  assert.equal(keys.length, 2)
  assert.ok(keys[0])
  assert.equal(keys[0], keys[1])
  await page.context().close()
})

test('the share sheet gives a link and a poster and holds the focus', async () => {
  const page = await browser.open(`/t/${id('tem', 3)}`)
  await page.getByRole('button', { name: '邀请好友' }).click()
  const dialog = page.getByRole('dialog', { name: '分享' })
  await dialog.getByRole('button', { name: '二维码海报' }).click()
  await dialog.getByRole('img').waitFor()
  await shot(page, 'share_sheet')
  await axeCheck(page)
  for (let i = 0; i < 8; i += 1) await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null), true)
  await page.context().close()
})

test('a shared link is reported once and taken off the address', async () => {
  const page = await browser.open(`${product}?e=K7Q2M0`)
  await page.getByText('周* 分享给你').waitFor()
  assert.equal(new URL(page.url()).search, '')
  await page.getByRole('complementary', { name: '分享来源' }).getByRole('button', { name: '关闭' }).click()
  assert.equal(await page.getByText('周* 分享给你').count(), 0)
  await page.context().close()
})

test('the list keeps its state when the person goes back', async () => {
  const page = await browser.open('/search?q=大米')
  await page.getByRole('link', { name: '价格从低到高' }).click()
  await page.waitForURL(/sort=price/)
  await page.getByRole('link', { name: /五常大米/ }).click()
  await page.waitForURL(/\/p\//)
  await settled(page)
  await page.getByRole('button', { name: '返回' }).click()
  await page.waitForURL(/sort=price/)
  assert.equal(new URL(page.url()).searchParams.get('q'), '大米')
  await page.context().close()
})

test('the language changes at once and stays', async () => {
  const page = await browser.open('/me')
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByRole('heading', { name: 'My orders' }).waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en')
  await page.reload()
  await page.getByRole('heading', { name: 'My orders' }).waitFor()
  await page.context().close()
})

test('a visitor is sent to sign in and comes back', async () => {
  const visitors = await startMock({ signedIn: false })
  const own = await startBrowser(visitors.url)
  const page = await own.open('/orders')
  await page.waitForURL(/\/sign-in\?next=/)
  await page.getByRole('button', { name: '以 林小满 登录' }).click()
  await page.waitForURL(/\/orders/)
  await page.getByRole('heading', { name: '我的订单' }).waitFor()
  await own.close()
  await visitors.close()
})

test('a merchant refunds part of a line', async () => {
  const page = await browser.open(`/console/m/${id('mer', 1)}/orders/${id('ord', 3)}`, { viewport: { width: 1280, height: 800 } })
  let sent = null
  await page.route('**/refunds', async (route) => {
    sent = route.request().postDataJSON()
    await route.fulfill({ status: 201, json: {} })
  })
  await page.getByRole('button', { name: '退款' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/的退款金额/).first().fill('9.99')
  await dialog.getByLabel('退款原因').fill('少发一件')
  await shot(page, 'refund')
  await axeCheck(page)
  await dialog.getByRole('button', { name: '退款', exact: true }).click()
  await page.getByText('退款已提交').waitFor()
  assert.deepEqual(sent.lines, [{ line: 1, amount_minor: 999 }])
  await page.context().close()
})
