// A paid card against the real server: bought without an address, used, invoiced, given up, and the red letter for it.
// TUAN_BIN is the binary; SHOTS=folder saves a picture of every page on the way.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { settled, startBrowser } from './harness.mjs'
import { signInAs } from './real/acts.mjs'
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

/** The shop that sells a card, and what it gives. */
async function selling(person) {
  for (const product of (await json(person, '/products?limit=50')).items) {
    const card = (await json(person, `/merchants/${product.merchant}/membership/cards`)).items[0]
    if (card) return { merchant: product.merchant, card }
  }
  assert.fail('no shop sells a card')
}

test('a card is bought, used, invoiced and given up', { skip, timeout: 120_000 }, async () => {
  const shopper = await newPerson(browser, { path: '/sign-in' })
  const { page, say } = shopper
  await signInAs(shopper, '陈静')
  const { merchant, card } = await selling(shopper)
  await shopper.go(`/m/${merchant}/membership`)
  await shopper.look('cards_of_a_shop')
  await page.getByRole('link', { name: /开通$/ }).click()
  await page.waitForURL(/\/p\//)
  await shopper.text('无需物流，付款后立即生效')
  await page.getByRole('button', { name: /(单独购买|立即购买)$/ }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: '单独购买', exact: true }).click()
  await page.waitForURL(/\/checkout/)
  await settled(page)
  await shopper.text('无需物流，付款后立即生效')
  for (const box of await page.locator('label.confirm input').all()) await box.check()
  await shopper.look('checkout_card')
  await page.getByRole('button', { name: say.submit, exact: true }).click()
  await page.waitForURL(/\/cashier/)
  await settled(page)
  const order = new URL(page.url()).searchParams.get('orders')
  await page.getByRole('radio', { name: say.wallet }).check()
  const topUp = page.getByRole('button', { name: say.topUp, exact: true })
  if (await topUp.isVisible()) {
    await topUp.click()
    await topUp.waitFor({ state: 'detached' })
  }
  await page.getByRole('button', { name: say.pay, exact: true }).click()
  await page.waitForURL((url) => !url.pathname.endsWith('/cashier'))
  const placed = await json(shopper, `/orders/${order}`)
  assert.deepEqual([placed.state, placed.address, placed.shipping.amount_minor], ['received', null, 0])
  await shopper.go('/me/cards')
  await shopper.text(card.title)
  await shopper.look('my_cards')

  // Everything of the shop costs what the card says.
  const other = (await json(shopper, '/products?limit=50')).items.find((one) => one.merchant === merchant && one.id !== card.product)
  const variant = (await json(shopper, `/products/${other.id}`)).skus[0]
  const price = (await json(shopper, `/member-prices?products=${other.id}`)).items.find((one) => one.sku === variant.id)
  const base = variant.price.amount_minor
  assert.ok(price.unit.amount_minor <= base - Math.floor((base * card.off_bp) / 10_000))

  // The invoice is asked for by the buyer and made out by the shop.
  await shopper.go(`/orders/${order}`)
  await page.getByRole('link', { name: '发票', exact: true }).click()
  await page.waitForURL(/\/invoice$/)
  await page.getByLabel('姓名').fill('陈静')
  await shopper.look('invoice_ask')
  await page.getByRole('button', { name: '申请开票', exact: true }).click()
  await shopper.text('待开票')
  const owner = await newPerson(browser, { path: '/console/sign-in', desk: true })
  await signInAs(owner, '何青')
  await owner.go(`/console/m/${merchant}/invoices`)
  await owner.look('invoices')
  await owner.page.getByRole('button', { name: '开具', exact: true }).click()
  await owner.page.getByLabel('发票号码').fill('26332000000000000001')
  await owner.page.getByRole('dialog').getByRole('button', { name: say.save, exact: true }).click()
  await owner.text('没有发票')
  await shopper.go(`/orders/${order}/invoice`)
  await shopper.text('26332000000000000001')
  await shopper.look('invoice_issued')

  // Given up within its first day, all but that day goes back, and the shop owes a red letter for as much.
  await shopper.go(`/m/${merchant}/membership`)
  const worth = await json(shopper, `/merchants/${merchant}/membership/cards/quit`)
  assert.ok(worth.back.amount_minor >= Math.floor((placed.total.amount_minor * (card.days - 1)) / card.days))
  await page.getByRole('button', { name: '退卡', exact: true }).click()
  await shopper.look('card_quit')
  await page.getByRole('button', { name: '确认退卡', exact: true }).click()
  await shopper.text('已退卡，款项原路退回')
  assert.equal((await json(shopper, '/me/membership-cards')).items.length, 0)
  await owner.go(`/console/m/${merchant}/red-letters`)
  const until = Date.now() + 15_000
  let letters = []
  while (letters.length === 0 && Date.now() < until) letters = (await json(owner, `/merchants/${merchant}/red-letters`)).items
  assert.deepEqual(letters.map((one) => one.amount.amount_minor), [worth.back.amount_minor])
  await owner.go(`/console/m/${merchant}/red-letters`)
  await owner.look('red_letters')
})
