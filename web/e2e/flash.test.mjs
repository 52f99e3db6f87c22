// A flash sale against the real server: found, bought at its price, counted, ended by the shop.
// TUAN_BIN is the binary; SHOTS=folder saves a picture of every page on the way.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { settled, startBrowser } from './harness.mjs'
import { fillAddress, signInAs } from './real/acts.mjs'
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

const json = async (person, path) => (await person.page.request.get(new URL(`/api/v1${path}`, person.page.url()).href)).json()

test('a flash sale is found, bought and ended', { skip, timeout: 120_000 }, async () => {
  const shopper = await newPerson(browser, { path: '/sign-in' })
  const { page, say } = shopper
  await signInAs(shopper, '陈静')
  const running = async () => (await json(shopper, '/flash-sales')).items.find((one) => one.state === 'running')
  const sale = await running()
  const [sku] = sale.skus
  await shopper.go('/')
  await page.getByRole('link', { name: /^限时秒杀/ }).click()
  await page.waitForURL(/\/flash$/)
  await shopper.look('flash_sales')
  await page.getByRole('link', { name: new RegExp(sale.product_title) }).first().click()
  await page.waitForURL(/\/p\//)
  await shopper.text(sale.title)
  await shopper.look('flash_product')
  await page.getByRole('button', { name: /(单独购买|立即购买)$/ }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: '单独购买', exact: true }).click()
  await page.waitForURL(/\/checkout/)
  await settled(page)
  if (await page.getByRole('button', { name: say.addAddress, exact: true }).first().isVisible()) await fillAddress(shopper, '陈静', '13800000001')
  for (const box of await page.locator('label.confirm input').all()) await box.check()
  await shopper.text('秒杀价')
  await shopper.look('checkout_flash')
  await page.getByRole('button', { name: say.submit, exact: true }).click()
  await page.waitForURL(/\/cashier/)
  const order = new URL(page.url()).searchParams.get('orders')
  const placed = await json(shopper, `/orders/${order}`)
  assert.equal(placed.lines[0].unit.amount_minor, sku.price.amount_minor)
  assert.equal((await running()).skus[0].left, sku.left - 1)

  // Cancelled, it can be had again; ended, the product costs what it did.
  const cancelled = await page.request.post(new URL(`/api/v1/orders/${order}/cancel`, page.url()).href, {
    data: { reason: '不要了' },
    headers: { 'idempotency-key': 'flash-cancel', origin: new URL(page.url()).origin },
  })
  assert.equal(cancelled.status(), 200, await cancelled.text())
  assert.equal((await running()).skus[0].left, sku.left)
  const owner = await newPerson(browser, { path: '/console/sign-in', desk: true })
  await signInAs(owner, '何青')
  await owner.go(`/console/m/${sale.merchant}/flash`)
  await owner.look('flash_console')
  await owner.page.getByRole('row', { name: new RegExp(sale.product_title) }).getByRole('button', { name: '结束', exact: true }).click()
  await owner.text('已结束')
  assert.equal(await running(), undefined)
  const quote = await page.request.post(new URL('/api/v1/quotes', page.url()).href, { data: { items: [{ sku: sku.sku, qty: 1 }] }, headers: { origin: new URL(page.url()).origin } })
  const line = (await quote.json()).groups[0].quote.lines[0]
  assert.equal(line.base_unit.amount_minor, sku.base_price.amount_minor)
  assert.ok(line.adjustments.every((one) => one.code !== 'flash'))
})
