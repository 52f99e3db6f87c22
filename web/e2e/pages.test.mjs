// Opens every page against the mock: no script errors, no serious accessibility faults, no sideways scrolling.
// SHOTS=folder saves a picture of each.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axeCheck, noSideways, startBrowser } from './harness.mjs'
import { id } from './mock/data.mjs'
import { startMock } from './mock/server.mjs'

const shots = process.env.SHOTS
const only = process.env.ONLY
const merchant = `/console/m/${id('mer', 1)}`
const sku = id('sku', 100)
const product = id('prd', 1)
const shop = {
  flash: '/flash', product_flash: `/p/${id('prd', 5)}`, invoice: `/orders/${id('ord', 4)}/invoice`, invoice_ask: `/orders/${id('ord', 5)}/invoice`, my_cards: '/me/cards', my_points: '/me/points', points: `/m/${id('mer', 1)}/points`, coupons: '/me/coupons', coupon_help: '/c/abcdefghjkmnpqrstuvwxyz0', membership: `/m/${id('mer', 1)}/membership`, home: '/', categories: '/categories', search: '/search?q=橙', search_empty: '/search?q=zzz', search_start: '/search', product: `/p/${product}`, product_plain: `/p/${id('prd', 4)}`, merchant: `/m/${id('mer', 1)}`,
  cart: '/cart', checkout: `/checkout?skus=${id('sku', 102)}`, checkout_team: `/checkout?sku=${sku}&qty=1&product=${product}&activity=${id('act', 1)}&team=${id('tem', 1)}`, cashier: `/cashier?orders=${id('ord', 1)}`, payment: `/pay/${id('pay', 1)}`,
  team_open: `/t/${id('tem', 1)}`, team_mine: `/t/${id('tem', 3)}`, team_done: `/t/${id('tem', 4)}`, team_failed: `/t/${id('tem', 5)}`, orders: '/orders', order: `/orders/${id('ord', 4)}`, shared: `/p/${product}?e=K7Q2M0`,
  me: '/me', sign_in: '/sign-in', wallet: '/me/wallet', shares: '/me/shares', commissions: '/me/commissions', addresses: '/me/addresses', devices: '/me/devices', account: '/me/account', security: '/me/security', privacy: '/me/privacy', product_gone: `/p/${id('prd', 77)}?order=${id('ord', 8)}`, category: `/categories?c=${id('cat', 1)}`, together: '/search?together=1', order_kept: `/orders/${id('ord', 8)}`, order_ladder: `/orders/${id('ord', 9)}`, missing: '/nowhere',
  after_sale: `/orders/${id('ord', 5)}/after-sale`, cases: '/after-sales', case: `/after-sales/${id('cas', 1)}`, case_declined: `/after-sales/${id('cas', 6)}`, case_done: `/after-sales/${id('cas', 5)}`, income: '/me/income',
  wiki: `/p/${product}/wiki`, wiki_edit: `/p/${product}/wiki/edit`, wiki_history: `/p/${product}/wiki/history`, wiki_revision: `/p/${product}/wiki/2`, my_proposals: '/me/proposals', compare_none: '/compare', compare: `/compare?products=${product},${id('prd', 4)},${id('prd', 2)}`, lists: '/me/lists', lists_put: `/me/lists?product=${product}`, list: `/lists/${id('lst', 1)}`, list_join: '/l/k7q2mabcdefghjkmnpqrstuv',
  reviews: `/p/${product}/reviews`, questions: `/p/${product}/questions`, question: `/questions/${id('pst', 4)}`, order_reviews: `/orders/${id('ord', 5)}/reviews`, my_posts: '/me/posts',
}
const desk = {
  c_sign_in: '/console/sign-in', c_start: '/console/', c_dashboard: `${merchant}/dashboard`, c_products: `${merchant}/products`, c_product: `${merchant}/products/${product}`, c_product_new: `${merchant}/products/new`, c_import: `${merchant}/products/import`,
  c_stock: `${merchant}/stock`, c_cards: `${merchant}/cards`, c_flash: `${merchant}/flash`, c_invoices: `${merchant}/invoices`, c_invoices_issued: `${merchant}/invoices?state=issued`, c_red_letters: `${merchant}/red-letters`, c_invoice_terms: `${merchant}/invoice-terms`, c_pricing: `${merchant}/pricing`, c_orders: `${merchant}/orders`, c_order: `${merchant}/orders/${id('ord', 3)}`, c_activities: `${merchant}/activities`, c_activity_new: `${merchant}/activities/new`, c_activity: `${merchant}/activities/${id('act', 1)}`, c_activity_live: `${merchant}/activities/${id('act', 2)}`, c_order_kept: `${merchant}/orders/${id('ord', 8)}`,
  c_reach: `${merchant}/reach`, c_commissions: `${merchant}/commissions`, c_balance: `${merchant}/balance`, c_staff: `${merchant}/staff`, c_security: '/console/security', c_audit_log: `${merchant}/audit-log`,
  c_people: '/console/operator/people', c_people_none: '/console/operator/people?find=999', c_person: `/console/operator/people/${id('per', 2)}`, c_person_banned: `/console/operator/people/${id('per', 3)}`, c_shop: `/console/operator/merchants/${id('mer', 1)}`, c_audit_log_all: '/console/operator/audit-log', c_accounts_of: `/console/operator/accounts?owner=${id('mer', 1)}`,
  c_cases: `${merchant}/after-sales`, c_case: `${merchant}/after-sales/${id('cas', 2)}`, c_case_goods: `${merchant}/after-sales/${id('cas', 3)}`, c_terms: `${merchant}/after-sale-terms`, c_disputes: '/console/operator/disputes', c_promotions: `${merchant}/promotions`, c_coupons: `${merchant}/coupons`, c_coupon_new: `${merchant}/coupons/new`, c_promotion_new: `${merchant}/promotions/new`, c_simulator: `${merchant}/promotions/try`, c_statement: `${merchant}/statement`, c_payouts: `${merchant}/payouts`, c_payout_queue: '/console/operator/payouts', c_fees: '/console/operator/fees', c_income: '/console/operator/income', c_dispute: `/console/operator/disputes/${id('cas', 4)}`,
  c_merchants: '/console/operator/merchants', c_accounts: '/console/operator/accounts', c_account: `/console/operator/accounts/${id('acc', 1)}`, c_transfer: `/console/operator/transfers/${id('trf', 1)}`, c_ledger_audit: '/console/operator/ledger-audit', c_synonyms: '/console/operator/synonyms', c_missed: `${merchant}/missed`, c_bills: '/console/operator/provider-bills', c_membership: `${merchant}/membership`, c_points: `${merchant}/points`, c_points_report: `${merchant}/points-report`,
  c_proposals: `${merchant}/proposals`, c_posts: `${merchant}/posts`, c_questions: `${merchant}/posts?kind=question`, c_moderation: '/console/operator/moderation',
}
const wide = { width: 1280, height: 800 }

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

function check(name, path, options) {
  const label = `${name} ${options.locale} ${options.viewport?.width ?? 390}`
  if (only && !new RegExp(only).test(label)) return
  test(label, async () => {
    const page = await browser.open(path, options)
    try {
      if (shots) await page.screenshot({ path: `${shots}/${label.replaceAll(' ', '_')}.png`, fullPage: true })
      assert.deepEqual(page.errors, [])
      await noSideways(page)
      await axeCheck(page)
    } finally {
      await page.context().close()
    }
  })
}
for (const locale of ['zh-CN', 'en']) {
  for (const [name, path] of Object.entries(shop)) check(name, path, { locale })
  for (const [name, path] of Object.entries(desk)) check(name, path, { locale, viewport: wide })
}
// Large text on a small phone: the same pages, nothing cut off.
for (const name of ['home', 'categories', 'product', 'team_mine', 'cart', 'checkout', 'points', 'orders', 'order', 'after_sale', 'case', 'order_reviews', 'reviews', 'wiki', 'wiki_revision', 'list', 'compare', 'me', 'account', 'sign_in']) {
  const path = shop[name]
  check(`${name}_large`, `${path}${path.includes('?') ? '&' : '?'}large=1`, { locale: 'en', viewport: { width: 360, height: 640 } })
}
for (const name of ['home', 'product', 'cart']) check(name, shop[name], { locale: 'zh-CN', viewport: wide })
for (const name of ['c_dashboard', 'c_orders', 'c_product']) check(name, desk[name], { locale: 'en', viewport: { width: 390, height: 844 } })
