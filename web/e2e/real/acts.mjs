// What people do in the shop, by what they read on its buttons.
import assert from 'node:assert/strict'
import { settled } from '../harness.mjs'

/** The words of the pages that the flows need. */
export const words = {
  'zh-CN': {
    openTeam: '发起拼单', joinTeam: '参加拼单', joinThis: /^参加这个团/, submit: '提交订单', pay: '去支付', wallet: /^钱包余额/, sandbox: /^沙箱支付/, topUp: '演示：充值 ¥1000', providerPays: '支付成功',
    invite: '邀请好友', share: '分享', link: '分享链接', close: '关闭', sharedBy: (name) => `${name} 分享给你`, filled: /^拼团成功$/, missing: (n) => `还差 ${n} 人成团`, addAddress: '新增收货地址', save: '保存',
    name: '姓名', phone: '手机号', region: '地区', street: '详细地址', getCode: '获取验证码', code: '验证码', signIn: '登录', signInAs: (name) => `以 ${name} 登录`, frozen: '冻结中', released: '已到账', clawed: '已追回',
    balance: '余额', failed: /^拼团未成功$/, refunded: '已退款', buyAlone: /^单独购买/, receive: '确认收货', completed: /^已完成$/,
  },
  en: {
    openTeam: 'Start a team', joinTeam: 'Join the team', joinThis: /^Join this team/, submit: 'Place order', pay: 'Pay', wallet: /^Wallet/, sandbox: /^Sandbox/, topUp: 'Demo: add ¥1000', providerPays: 'Pay',
    invite: 'Invite friends', share: 'Share', link: 'Link', close: 'Close', sharedBy: (name) => `Shared by ${name}`, filled: /^The team is complete$/, missing: (n) => `${n} more to complete the team`, addAddress: 'Add an address', save: 'Save',
    name: 'Name', phone: 'Phone', region: 'Region', street: 'Street', getCode: 'Get a code', code: 'Code', signIn: 'Sign in', signInAs: (name) => `Sign in as ${name}`, frozen: 'Frozen', released: 'Paid out', clawed: 'Taken back',
    balance: 'Balance', failed: /^The team was not completed$/, refunded: 'Refunded', buyAlone: /^Buy alone at/, receive: 'Confirm receipt', completed: /^Completed$/,
  },
}

/** Signs in as somebody the demo knows; the page then goes on to where it was asked to. */
export async function signInAs(person, name) {
  const { page, say } = person
  await page.getByRole('button', { name: say.signInAs(name), exact: true }).click()
  await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'))
  await settled(page)
}

/** Signs in with a phone that nobody has used before; the demo fills in the code. */
export async function signInByPhone(person, phone) {
  const { page, say } = person
  await page.locator('input[name=phone]').fill(phone)
  await page.getByRole('button', { name: say.getCode, exact: true }).click()
  await page.waitForFunction(() => /^\d{4,8}$/.test(document.querySelector('input[name=code]')?.value ?? ''))
  await person.look('sign_in_code')
  await page.locator('form').getByRole('button', { name: say.signIn, exact: true }).click()
  await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'))
  await settled(page)
}

/** The variant is chosen in the sheet that is open; the checkout follows. */
export async function choose(person, variant, button) {
  const dialog = person.page.getByRole('dialog')
  await dialog.getByRole('button', { name: variant, exact: true }).click()
  if (!(await dialog.getByRole('button', { name: variant, exact: true }).evaluate((it) => it.getAttribute('aria-pressed') === 'true')))
    await dialog.getByRole('button', { name: variant, exact: true }).click()
  await person.look('choose')
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await person.page.waitForURL(/\/(checkout|sign-in)/)
}

export async function fillAddress(person, name, phone) {
  const { page, say } = person
  await page.getByRole('button', { name: say.addAddress, exact: true }).first().click()
  const dialog = page.getByRole('dialog', { name: say.addAddress })
  await dialog.locator('input[name=name]').fill(name)
  await dialog.locator('input[name=phone]').fill(phone)
  await dialog.locator('input[name=region]').fill('浙江省杭州市西湖区')
  await dialog.locator('input[name=street]').fill('文二路 391 号 2 幢 601')
  await person.look('address')
  await dialog.getByRole('button', { name: say.save, exact: true }).click()
  await page.getByText('文二路 391 号').waitFor()
}

/** From the checkout through the cashier; answers the order. */
export async function pay(person, method) {
  const { page, say } = person
  await page.waitForURL(/\/checkout/)
  await settled(page)
  // What may not be returned is confirmed, each for itself.
  for (const box of await page.locator('label.confirm input').all()) await box.check()
  await person.look('checkout')
  await page.getByRole('button', { name: say.submit, exact: true }).click()
  await page.waitForURL(/\/cashier/)
  await settled(page)
  const order = new URL(page.url()).searchParams.get('orders')
  assert.match(order, /^ord_/)
  await page.getByRole('radio', { name: say[method] }).check()
  const topUp = page.getByRole('button', { name: say.topUp, exact: true })
  if (await topUp.isVisible()) {
    await topUp.click()
    await topUp.waitFor({ state: 'detached' })
  }
  await person.look(`cashier_${method}`)
  await page.getByRole('button', { name: say.pay, exact: true }).click()
  if (method === 'sandbox') {
    await page.waitForURL(/\/pay\//)
    await person.look('provider')
    await page.locator('.demo').getByRole('button', { name: say.providerPays, exact: true }).click()
  }
  await page.waitForURL(/\/t\//)
  await settled(page)
  return order
}
