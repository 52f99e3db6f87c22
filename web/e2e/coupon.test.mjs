// A coupon against the real server: claimed, let grow by a friend, used; what it took off stands in the order.
// TUAN_BIN is the binary; SHOTS=folder saves a picture of every page on the way.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { settled, startBrowser } from './harness.mjs'
import { choose, fillAddress, signInAs, signInByPhone } from './real/acts.mjs'
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

/** A shop's coupon that grows, and a product of it that is dear enough. */
async function growing(person) {
  for (const product of (await json(person, '/products?limit=50')).items) {
    const offers = (await json(person, `/merchants/${product.merchant.id ?? product.merchant}/coupon-offers`)).items
    const offer = offers.find((one) => one.growth)
    const price = product.price_from?.amount_minor ?? product.price.amount_minor
    const options = (await json(person, `/products/${product.id}`)).options
    if (offer && options.length === 1 && price >= offer.threshold.amount_minor + 1000) return { offer, product, price, merchant: product.merchant.id ?? product.merchant }
  }
  assert.fail('no product goes with a coupon that grows')
}

test('a coupon is claimed, grows by a friend, and makes an order cheaper', { skip, timeout: 120_000 }, async () => {
  const owner = await newPerson(browser, { path: '/sign-in' })
  await signInAs(owner, '陈静')
  const { offer, product, merchant } = await growing(owner)
  await owner.go(`/m/${merchant}`)
  await owner.page.getByRole('button', { name: `领取 ${offer.title}`, exact: true }).click()
  await owner.text('已领取')
  await owner.look('coupon_claimed')
  await owner.go('/me')
  await owner.page.getByRole('link', { name: '我的优惠券' }).click()
  await owner.page.waitForURL(/\/me\/coupons$/)
  await owner.text(offer.title)
  await owner.look('coupons')
  const mine = (await json(owner, '/coupons?state=usable')).items.find((one) => one.code)
  const link = new URL(`/c/${mine.code}`, owner.page.url()).href

  // What a chat shows of the link, without a script: no full name.
  const page = await (await fetch(link)).text()
  assert.match(page, /<meta property="og:description" content="帮 陈\* 的券变大，你也得一张">/)

  const friend = await newPerson(browser, { path: `/c/${mine.code}` })
  await friend.text('陈* 的券')
  await friend.look('coupon_help')
  await friend.page.getByRole('button', { name: /^帮忙加/ }).click()
  await friend.page.waitForURL(/\/sign-in/)
  await signInByPhone(friend, '13911113333')
  await friend.page.waitForURL(/\/c\//)
  await friend.page.getByRole('button', { name: /^帮忙加/ }).click()
  await friend.text(/^谢谢，已加/)
  await friend.look('coupon_helped')
  const own = (await json(friend, '/coupons?state=usable')).items
  assert.equal(own.length, 1)
  const after = (await json(owner, '/coupons?state=usable')).items.find((one) => one.id === mine.id)
  assert.equal(after.gift.off_minor, mine.gift.off_minor + offer.growth.per_friend_minor)

  // It is taken by itself at the checkout, and the order says what it took off.
  await owner.go(`/p/${product.id}`)
  await owner.page.getByRole('button', { name: /(单独购买|立即购买)$/ }).first().click()
  await owner.page.getByRole('dialog').waitFor()
  const variant = await owner.page.getByRole('dialog').locator('button[aria-pressed]').first().innerText()
  await choose(owner, variant.trim(), '单独购买')
  await owner.page.waitForURL(/\/checkout/)
  await settled(owner.page)
  if (await owner.page.getByRole('button', { name: owner.say.addAddress, exact: true }).first().isVisible()) await fillAddress(owner, '陈静', '13800000001')
  for (const box of await owner.page.locator('label.confirm input').all()) await box.check()
  await owner.look('checkout_coupon')
  assert.equal(await owner.page.locator('label.coupon select').inputValue(), mine.id)
  await owner.page.getByRole('button', { name: owner.say.submit, exact: true }).click()
  await owner.page.waitForURL(/\/cashier/)
  const order = new URL(owner.page.url()).searchParams.get('orders')
  const placed = await json(owner, `/orders/${order}`)
  const took = placed.explanations.filter((line) => line.lane === 'coupon').reduce((sum, line) => sum + line.amount.amount_minor, 0)
  assert.equal(took, -after.gift.off_minor)
  assert.deepEqual((await json(owner, '/coupons?state=used')).items.map((one) => one.id), [mine.id])
  await owner.go(`/orders/${order}`)
  await owner.text(offer.title)
  await owner.look('order_coupon')
})
