// The second factor and the proof of who one is, against the mock: what the pages do when the server asks for them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axeCheck, noSideways, startBrowser } from './harness.mjs'
import { id } from './mock/data.mjs'
import { startMock } from './mock/server.mjs'

const wide = { width: 1280, height: 800 }
const refusal = (status, code) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', status, code, detail: code }) })
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

/** Refuses the first of these requests for want of a proof; answers the keys of all. */
async function refuseFirst(page, path) {
  const keys = []
  await page.route((url) => url.pathname === path, async (route) => {
    if (route.request().method() !== 'POST') return route.fallback()
    keys.push([route.request().headers()['idempotency-key'], route.request().postData()])
    return keys.length === 1 ? route.fulfill(refusal(403, 'auth.step_up_required')) : route.fulfill({ status: 201, contentType: 'application/json', body: '{}' })
  })
  return keys
}
async function askForPayout(page) {
  await page.getByLabel('金额（元）').fill('12.50')
  await page.getByLabel('收款账户').fill('招商银行 6225')
  await page.locator('form.card button[type=submit]').click()
}

test('after the proof the same payout is asked for again, with the same key', async () => {
  const page = await browser.open(`/console/m/${id('mer', 1)}/payouts`, { viewport: wide })
  const keys = await refuseFirst(page, `/api/v1/merchants/${id('mer', 1)}/payouts`)
  const given = []
  await page.route((url) => url.pathname === '/api/v1/me/step-up', (route) => {
    given.push(route.request().postDataJSON())
    return given.length === 1 ? route.fulfill(refusal(422, 'step_up.wrong')) : route.fulfill({ status: 204 })
  })
  await askForPayout(page)
  const dialog = page.getByRole('dialog', { name: '请确认是你本人' })
  await dialog.getByLabel('密码').last().fill('a wrong pass word')
  await axeCheck(page)
  await dialog.getByRole('button', { name: '继续' }).click()
  await dialog.getByRole('alert').getByText('不正确，或已经用过').waitFor()
  await dialog.getByLabel('密码').last().fill('a long pass word')
  await dialog.getByRole('button', { name: '继续' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await page.getByText('已保存').waitFor()
  assert.equal(keys.length, 2)
  assert.deepEqual(keys[0], keys[1])
  assert.deepEqual(given, [{ password: 'a wrong pass word' }, { password: 'a long pass word' }])
  assert.deepEqual(page.errors, [])
  await page.context().close()
})

test('whoever does not prove it is told why nothing happened', async () => {
  const page = await browser.open(`/console/m/${id('mer', 1)}/payouts`, { viewport: wide })
  const keys = await refuseFirst(page, `/api/v1/merchants/${id('mer', 1)}/payouts`)
  await askForPayout(page)
  const dialog = page.getByRole('dialog', { name: '请确认是你本人' })
  await dialog.getByRole('button', { name: '取消' }).click()
  await page.getByRole('alert').getByText('请再次验证身份后重试').waitFor()
  assert.equal(keys.length, 1)
  await page.context().close()
})

test('a second factor is set up in the shop, and its recovery codes are shown once', async () => {
  const page = await browser.open('/me/security')
  await page.getByRole('button', { name: '开启' }).click()
  await page.getByRole('img', { name: '身份验证器二维码' }).waitFor()
  assert.ok(await page.getByRole('img', { name: '身份验证器二维码' }).evaluate((image) => image.complete && image.naturalWidth > 0))
  await noSideways(page)
  await axeCheck(page)
  await page.getByLabel('6 位动态码').fill('123456')
  await page.getByRole('button', { name: '确认开启' }).click()
  await page.getByText('ABCD-EFGH-JKLM-NPQ9').waitFor()
  await noSideways(page)
  await axeCheck(page)
  await page.getByRole('button', { name: '我已保存' }).click()
  assert.equal(await page.getByText('ABCD-EFGH').count(), 0)
  assert.deepEqual(page.errors, [])
  await page.context().close()
})

test('sign-in asks for the second factor when the account has one', async () => {
  for (const [path, viewport] of [['/sign-in', undefined], ['/console/sign-in', wide]]) {
    const page = await browser.open(path, { viewport })
    const bodies = []
    await page.route((url) => url.pathname === '/api/v1/sessions', (route) => {
      if (route.request().method() !== 'POST') return route.fallback()
      bodies.push(route.request().postDataJSON())
      return bodies.length === 1 ? route.fulfill(refusal(422, 'sign_in.second_needed')) : route.fulfill({ status: 201, contentType: 'application/json', body: '{}' })
    })
    await page.locator('input[type=tel]').fill('13800138000')
    await page.locator('input[autocomplete=one-time-code]').fill('111222')
    await page.locator('form button[type=submit]').click()
    await page.getByRole('alert').getByText('请输入身份验证器的动态码或恢复码').waitFor()
    await page.getByLabel('动态码或恢复码').fill('333444')
    await axeCheck(page)
    await page.locator('form button[type=submit]').click()
    await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'))
    assert.deepEqual(bodies.map((body) => [body.code, body.second]), [['111222', undefined], ['111222', '333444']])
    await page.context().close()
  }
})
