// What the operator of the platform does at the desk, against the real server: people, shops and whose an account is.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { settled, startBrowser } from './harness.mjs'
import { signInAs, signInByPhone } from './real/acts.mjs'
import { newPerson } from './real/person.mjs'
import { startReal } from './real/server.mjs'

const program = process.env.TUAN_BIN
const skip = program ? false : 'TUAN_BIN names no binary'
let server
let browser
before(async () => {
  if (!program) return
  server = await startReal(program)
  browser = await startBrowser(server.url)
})
afterEach(async () => {
  if (server) await server.audit()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

async function startOperator(locale) {
  const operator = await newPerson(browser, { path: '/console/sign-in', desk: true, locale })
  await operator.page.getByRole('listitem').filter({ hasText: '13800009000' }).getByRole('button').click()
  await operator.page.waitForURL((url) => !url.pathname.endsWith('/sign-in'))
  await settled(operator.page)
  return operator
}
/** Finds somebody by a number or id and opens the page about this person. */
async function find(operator, text, name) {
  await operator.go('/console/operator/people')
  await operator.page.getByRole('searchbox').fill(text)
  await operator.page.keyboard.press('Enter')
  await operator.page.waitForURL(/find=/)
  await operator.look('people')
  await operator.link(name, { exact: true }).click()
  await operator.page.waitForURL(/\/people\/per_/)
  await settled(operator.page)
}

test('somebody is banned with a reason, and let in again', { skip, timeout: 90_000 }, async () => {
  const phone = '13911116661'
  const shopper = await newPerson(browser, { path: '/sign-in' })
  await signInByPhone(shopper, phone)
  await shopper.go('/me/account')
  await shopper.page.locator('input[name=name]').fill('顾一舟')
  await shopper.button('保存').first().click()
  await shopper.text('昵称已保存')

  const operator = await startOperator('zh-CN')
  await find(operator, '139 1111 6661', '顾一舟')
  await operator.text('139****6661')
  await operator.text('还没有对此人的处理记录')
  await operator.button('封禁').click()
  const dialog = operator.page.getByRole('dialog')
  assert.equal(await dialog.getByRole('button', { name: '封禁', exact: true }).isDisabled(), true, 'a reason is wanted')
  await dialog.getByLabel('原因').fill('多次下单后恶意退款')
  await operator.look('ban')
  await dialog.getByRole('button', { name: '封禁', exact: true }).click()
  await operator.text('已封禁')
  await operator.page.getByRole('row').filter({ hasText: '多次下单后恶意退款' }).waitFor()
  await operator.look('banned')

  // Signed out at once, and not let in by a new code.
  await shopper.go('/orders')
  await shopper.page.waitForURL(/\/sign-in/)
  await server.pass(61)
  await shopper.page.locator('input[name=phone]').fill(phone)
  await shopper.button(shopper.say.getCode).click()
  await shopper.page.waitForFunction(() => /^\d{6}$/.test(document.querySelector('input[name=code]')?.value ?? ''))
  await shopper.page.locator('form').getByRole('button', { name: shopper.say.signIn, exact: true }).click()
  await shopper.page.getByRole('alert').waitFor()
  await shopper.look('banned_sign_in')
  assert.match(shopper.page.url(), /\/sign-in/)

  await operator.button('解除封禁').click()
  await operator.page.getByRole('dialog').getByLabel('原因').fill('核实后是误会')
  await operator.page.getByRole('dialog').getByRole('button', { name: '解除封禁', exact: true }).click()
  await operator.page.getByRole('row').filter({ hasText: '核实后是误会' }).waitFor()
  await operator.look('unbanned')
  await operator.go('/console/operator/audit-log')
  await operator.look('audit_log')
  for (const reason of ['多次下单后恶意退款', '核实后是误会']) {
    const row = operator.page.getByRole('row').filter({ hasText: reason })
    await row.getByRole('link', { name: '顾一舟' }).waitFor()
  }
  await server.pass(61)
  await shopper.go('/sign-in')
  await signInByPhone(shopper, phone)
  await shopper.go('/orders')
  assert.doesNotMatch(shopper.page.url(), /\/sign-in/)
  for (const person of [shopper, operator]) await person.leave()
})

test('a shop leads to its people, they to their accounts, and these to names', { skip, timeout: 90_000 }, async () => {
  const operator = await startOperator('en')
  const { page } = operator
  await operator.go('/console/operator/merchants')
  await operator.look('merchants')
  await operator.link('青禾鲜果蔬', { exact: true }).click()
  await page.waitForURL(/\/merchants\/mer_/)
  await settled(page)
  await operator.look('merchant')
  await operator.link('何青', { exact: true }).click()
  await page.waitForURL(/\/people\/per_/)
  await settled(page)
  await operator.look('person')
  const person = new URL(page.url()).pathname.split('/').at(-1)
  await find(operator, person, '何青')
  await operator.link('青禾鲜果蔬', { exact: true }).click()
  await page.waitForURL(/\/merchants\/mer_/)
  await settled(page)
  await operator.link('Accounts', { exact: true }).last().click()
  await page.waitForURL(/owner=mer_/)
  await settled(page)
  await operator.look('accounts_of_a_shop')
  await page.getByRole('row').filter({ hasText: 'Escrow' }).getByRole('link', { name: '青禾鲜果蔬' }).waitFor()
  await page.getByRole('row').filter({ hasText: 'Escrow' }).getByRole('link', { name: /^acc_/ }).click()
  await page.waitForURL(/\/accounts\/acc_/)
  await settled(page)
  await operator.look('account')
  await operator.link('Transfer', { exact: true }).first().click()
  await page.waitForURL(/\/transfers\/tra_/)
  await settled(page)
  await operator.look('transfer')
  // Each account says whose it is, and no person or shop is an id alone.
  const owners = await page.locator('table.list tbody td:nth-child(3)').allInnerTexts()
  assert.ok(owners.length >= 2, `${owners}`)
  for (const owner of owners) assert.match(owner, /^(?!per_|mer_)\S/)
  assert.ok(owners.some((owner) => owner.startsWith('青禾鲜果蔬')), `${owners}`)
  await operator.leave()
})

test('who is no operator sees none of it', { skip, timeout: 60_000 }, async () => {
  const owner = await newPerson(browser, { path: '/console/sign-in', desk: true })
  await signInAs(owner, '何青')
  await owner.page.waitForURL(/\/dashboard/)
  assert.equal(await owner.page.getByRole('link', { name: '用户管理' }).count(), 0)
  for (const path of ['people', 'merchants', 'accounts', 'audit-log']) {
    await owner.go(`/console/operator/${path}`)
    await owner.text('你没有这项权限')
  }
  await owner.look('no_operator')
  await owner.leave()
})
