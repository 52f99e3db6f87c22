// Walks through the pages as a buyer and a merchant would, against the mock: what the pages do, not what the server decides.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axeCheck, settled, startBrowser } from './harness.mjs'
import { id, me, merchants } from './mock/data.mjs'
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

test('a week begins on Monday in Chinese and on Sunday in English', async () => {
  for (const [locale, first] of [['zh-CN', '一'], ['en', 'Sun']]) {
    const page = await browser.open(`/console/m/${id('mer', 1)}/dashboard`, { locale, viewport: { width: 1280, height: 800 } })
    await page.locator('.page-head .el-date-editor input').first().click()
    const days = page.locator('.el-picker-panel:visible table.el-date-table').first().locator('th')
    await days.first().waitFor()
    await shot(page, `calendar_${locale}`)
    assert.equal((await days.first().innerText()).trim(), first)
    await page.context().close()
  }
})

test('joining a team says whose team it is, from the choice to the team page', async () => {
  const page = await browser.open(product)
  await page.getByRole('button', { name: '去拼单' }).first().click()
  const dialog = page.getByRole('dialog', { name: '选择规格' })
  await dialog.getByText('你将参加 王* 的团').waitFor()
  await dialog.getByRole('button', { name: '参加拼单' }).click()
  await page.waitForURL(/\/checkout/)
  await page.getByRole('heading', { name: '你将参加 王* 的团' }).waitFor()
  // What may not be returned is confirmed before it can be ordered.
  assert.ok(await page.getByRole('button', { name: '提交订单' }).isDisabled())
  await page.getByRole('checkbox', { name: /不支持七天无理由退货/ }).check()
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

test('a search is suggested, narrowed down and remembered, with the keyboard alone', async () => {
  const page = await browser.open('/search')
  const field = page.getByRole('combobox', { name: '搜索' })
  await field.focus()
  await page.keyboard.type('大')
  await page.getByRole('option', { name: '五常大米' }).waitFor()
  await page.keyboard.press('ArrowDown')
  assert.equal(await page.getByRole('option', { name: '五常大米' }).getAttribute('aria-selected'), 'true')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => url.searchParams.get('q') === '大米')
  await settled(page)
  assert.equal(await page.locator('mark').first().innerText(), '大米')
  await page.getByRole('button', { name: '筛选' }).press('Enter')
  await page.getByRole('dialog').getByRole('link', { name: /云南/ }).press('Enter')
  await page.waitForURL((url) => url.searchParams.get('facts') === '产地:云南')
  await page.getByRole('link', { name: /产地:云南/ }).press('Enter')
  await page.waitForURL((url) => !url.searchParams.has('facts'))
  await page.goto(new URL('/search', page.url()).href)
  await page.getByRole('heading', { name: '搜索历史' }).waitFor()
  await page.getByRole('link', { name: '大米', exact: true }).first().waitFor()
  await page.getByRole('button', { name: '清空历史' }).click()
  await page.getByRole('heading', { name: '搜索历史' }).waitFor({ state: 'detached' })
  await page.goto(new URL('/search?q=zzz', page.url()).href)
  await page.getByText('你是不是要找').waitFor()
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

test('a ladder is typed step by step, and what is missing is said in plain words', async () => {
  const page = await browser.open(`/console/m/${id('mer', 1)}/activities/new`, { viewport: { width: 1280, height: 800 } })
  let sent = null
  await page.route('**/merchants/*/activities', async (route) => {
    // The list that follows asks the same address.
    if (route.request().method() !== 'POST') return route.fallback()
    sent = route.request().postDataJSON()
    return route.fulfill({ status: 201, json: {} })
  })
  await page.getByLabel('搜索在售商品').fill('大米')
  await page.getByRole('radio', { name: /五常大米/ }).check()
  await page.getByLabel('成团人数').fill('5')
  await page.getByRole('button', { name: '添加阶梯' }).click()
  await page.getByLabel('第 1 档的人数').fill('2')
  await page.getByRole('button', { name: '添加阶梯' }).click()
  await page.getByLabel('第 2 档的人数').fill('5')
  await page.getByLabel(/^拼团价/).fill('60')
  await page.getByLabel(/^团长价/).fill('58')
  await page.getByLabel(/^满 2 人的价格/).fill('61')
  await page.getByLabel(/^满 5 人的价格/).fill('50')
  await page.getByLabel('名额').fill('100')
  await page.getByLabel('每人限购').fill('2')
  await page.getByLabel('仅限新客').check()
  await page.getByRole('button', { name: '创建' }).click()
  await page.getByRole('alert').getByText('每一档都要有价格').waitFor()
  assert.equal(sent, null)
  await axeCheck(page)
  await page.getByLabel(/^满 2 人的价格/).fill('60')
  await shot(page, 'activity_form')
  await page.getByRole('button', { name: '创建' }).click()
  await page.waitForURL(/\/activities$/)
  const { product, skus, starts_at, ends_at, ...rest } = sent
  assert.equal(product, id('prd', 3))
  assert.ok(starts_at < ends_at)
  assert.deepEqual(skus, [{ sku: id('sku', 300), team_price_minor: 6000, leader_price_minor: 5800, tiers: [{ people: 2, price_minor: 6000 }, { people: 5, price_minor: 5000 }] }])
  assert.deepEqual(rest, { title: '五常大米 10 斤 当季新米', size: 5, window_minutes: 1440, quota: 100, per_person_limit: 2, new_buyers_only: true })
  assert.deepEqual(page.errors, [])
  await page.context().close()
})

test('an activity that runs keeps its prices and can change its end', async () => {
  const page = await browser.open(`/console/m/${id('mer', 1)}/activities/${id('act', 2)}`, { viewport: { width: 1280, height: 800 } })
  let sent = null
  await page.route(`**/activities/${id('act', 2)}`, async (route) => {
    if (route.request().method() !== 'PUT') return route.continue()
    sent = route.request().postDataJSON()
    return route.fulfill({ json: {} })
  })
  for (const field of ['成团人数', '开始时间', '仅限新客']) assert.equal(await page.getByLabel(field).isDisabled(), true, field)
  assert.equal(await page.getByLabel(/^拼团价/).first().isDisabled(), true)
  await page.getByLabel('结束时间').fill('2036-01-02 08:00')
  await page.getByLabel('结束时间').press('Enter')
  await page.getByLabel('名额').fill('')
  await page.getByRole('button', { name: '保存' }).click()
  await page.waitForURL(/\/activities$/)
  assert.equal(new Date(sent.ends_at).getFullYear(), 2036)
  assert.equal('quota' in sent, false)
  await page.context().close()
})

test('name and password are changed, and the other devices signed out', async () => {
  const page = await browser.open('/me/account')
  const sent = []
  await page.route(/\/api\/v1\/(me$|me\/password|sessions\/end-others)/, async (route) => {
    const request = route.request()
    if (request.method() !== 'GET') sent.push([request.method(), new URL(request.url()).pathname, request.postDataJSON()])
    await route.continue()
  })
  assert.equal(await page.getByLabel('昵称').inputValue(), '林小满')
  await page.getByLabel('昵称').fill('满满')
  await page.getByRole('button', { name: '保存' }).first().click()
  await page.getByText('昵称已保存').first().waitFor()
  await page.getByLabel('当前密码').fill('old-password')
  await page.getByLabel('新密码').fill('short')
  assert.equal(await page.getByRole('button', { name: '保存' }).nth(1).isDisabled(), true)
  await page.getByLabel('新密码').fill('a-longer-one')
  await page.getByRole('button', { name: '保存' }).nth(1).click()
  await page.getByText('密码已保存').first().waitFor()
  await page.getByRole('link', { name: '登录设备' }).click()
  await page.getByText('Safari · iPhone').waitFor()
  await page.getByRole('button', { name: '退出其他所有设备' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '退出其他所有设备' }).click()
  await page.getByText('其他设备都已退出').first().waitFor()
  assert.deepEqual(sent, [
    ['PATCH', '/api/v1/me', { name: '满满' }], ['PUT', '/api/v1/me/password', { password: 'a-longer-one', current: 'old-password' }], ['POST', '/api/v1/sessions/end-others', null],
  ])
  await page.context().close()
})

test('who is asked to work for a shop answers in the shop', async () => {
  const page = await browser.open('/')
  let asked = [{ merchant: merchants[0].id, name: merchants[0].name, rights: ['orders'] }]
  await page.route(/\/api\/v1\/me$/, (route) => route.fulfill({ json: { ...me, invitations: asked } }))
  await page.route(/\/api\/v1\/me\/invitations\/[^/]+\/accept$/, (route) => ((asked = []), route.fulfill({ json: { ...me, invitations: [] } })))
  await page.goto(new URL('/me', page.url()).href)
  await page.getByText(`“${merchants[0].name}”邀请你成为店员。`).waitFor()
  await page.getByText('你将可以处理：订单与发货').waitFor()
  await page.getByRole('button', { name: '接受' }).click()
  await page.getByText('邀请你成为店员').waitFor({ state: 'detached' })
  await page.context().close()
})

test('a first password leads to a fresh sign-in when the phone must be proven', async () => {
  const page = await browser.open('/me/account')
  await page.route(/\/api\/v1\/me\/password$/, (route) =>
    route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ code: 'password.proof_needed', status: 403 }) }),
  )
  await page.getByLabel('新密码').fill('a-longer-one')
  await page.getByRole('button', { name: '保存' }).nth(1).click()
  await page.getByText('首次设置密码前，请先用验证码重新登录').waitFor()
  await page.getByRole('link', { name: '用验证码登录' }).click()
  await page.getByLabel('手机号').fill('13800000001')
  await page.getByRole('button', { name: '获取验证码' }).click()
  await page.getByRole('button', { name: '登录', exact: true }).first().click()
  await page.waitForURL(/\/me\/account$/)
  await page.context().close()
})

test('the cart says what is missing to the next offer', async () => {
  const page = await browser.open('/cart')
  await page.getByRole('region', { name: '巷口粮油' }).getByText('再买 ¥29.20 可减 ¥10.00').waitFor()
  await page.getByRole('checkbox', { name: /赣南脐橙/ }).uncheck()
  await page.getByText('再买 ¥29.20 可减 ¥10.00').waitFor()
  await page.context().close()
})

test('large text is switched on once and stays', async () => {
  const page = await browser.open('/me', { viewport: { width: 360, height: 640 } })
  const large = page.getByRole('switch', { name: /大字模式/ })
  const size = () => page.evaluate(() => Number.parseFloat(getComputedStyle(document.querySelector('h1')).fontSize))
  const before = await size()
  await large.check()
  await page.locator('html.large').waitFor({ state: 'attached' })
  // The browser may answer once more with the size of the frame before.
  await page.waitForFunction((least) => Number.parseFloat(getComputedStyle(document.querySelector('h1')).fontSize) > least, before * 1.3)
  await page.reload()
  assert.equal(await large.isChecked(), true)
  await page.context().close()
})

test('a product that is off sale shows what was bought, and the way on', async () => {
  const page = await browser.open(`/orders/${id('ord', 8)}`)
  await page.getByText('已退款（运费未退）').first().waitFor()
  await page.route('**/api/v1/products/*', (route) => route.fulfill({ status: 404, contentType: 'application/problem+json', json: { status: 404, code: 'product.not_found', detail: '', request_id: 'r' } }))
  await page.getByRole('link', { name: /赣南脐橙/ }).click()
  await page.getByText('这件商品已下架').waitFor()
  await page.getByText(/当时买的价格/).waitFor()
  await axeCheck(page)
  await page.getByRole('link', { name: '回到订单' }).click()
  await page.waitForURL(/\/orders\//)
  await page.context().close()
})

test('the leader of a team sees who asked to merge, and agrees', async () => {
  const page = await browser.open(`/t/${id('tem', 3)}`)
  const other = page.getByRole('listitem').filter({ hasText: '李* 的团' })
  await other.getByText('对方已提议').waitFor()
  let sent = null
  await page.route('**/merge-offers', async (route) => {
    sent = route.request().postDataJSON()
    await route.fulfill({ json: { state: 'merged', team: id('tem', 4) } })
  })
  await other.getByRole('button', { name: '同意合并' }).click()
  await page.waitForURL(new RegExp(id('tem', 4)))
  assert.deepEqual(sent, { with: id('tem', 2) })
  await page.getByText('拼团成功').first().waitFor()
  await page.context().close()
})

test('what is typed of a product stays when it is taken off sale, and only what was saved is saved', async () => {
  const page = await browser.open(`/console/m/${id('mer', 1)}/products/${id('prd', 1)}`, { viewport: { width: 1280, height: 800 } })
  const title = page.getByLabel('标题')
  const before = await title.inputValue()
  await title.fill('新的标题')
  await page.route('**/archive', async (route) => {
    const shown = await page.request.get(`${mock.url}/api/v1/products/${id('prd', 1)}`)
    await route.fulfill({ json: { ...(await shown.json()), state: 'archived', version: 9 } })
  })
  await page.getByRole('button', { name: '下架' }).click()
  await page.getByText('已下架').waitFor()
  assert.equal(await title.inputValue(), '新的标题')
  await page.getByText('有未保存的修改').waitFor()
  await title.fill(before)
  await page.getByText('有未保存的修改').waitFor({ state: 'detached' })
  await page.context().close()
})

test('who could not be signed out is told, and stays', async () => {
  const page = await browser.open(`/console/m/${id('mer', 1)}/products`, { viewport: { width: 1280, height: 800 } })
  await page.route('**/sessions/sign-out', (route) => route.abort())
  await page.getByRole('button', { name: '退出' }).click()
  await page.getByRole('alert').waitFor()
  assert.match(page.url(), /\/products$/)
  await page.context().close()
})
