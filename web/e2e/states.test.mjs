// Whatever a page asks the server for may be slow, fail or be empty: every question of every page against the mock.
// A page that asks for something new must get a row here; the last test holds the table against the sources.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { settled, startBrowser } from './harness.mjs'
import { id, merchants } from './mock/data.mjs'
import { startMock } from './mock/server.mjs'

const web = fileURLToPath(new URL('..', import.meta.url))
const shots = process.env.SHOTS
const only = process.env.ONLY
/** The texts of an app and of what both share, by their keys. */
function words(app) {
  const read = (path) => new Function(`return ${readFileSync(join(web, path, 'zh-CN.ts'), 'utf8').replace('export default', '')}`)()
  const trees = [read(`apps/${app}/src/locales`), read('packages/ui/src/locales')]
  return (key) => {
    const found = trees.map((tree) => key.split('.').reduce((part, name) => part?.[name], tree)).find((text) => typeof text === 'string')
    assert.ok(found, `no text ${key}`)
    // Of a text with something filled in, the longest part that stays.
    return found.split(/\{\w+\}/).sort((a, b) => b.length - a.length)[0].trim()
  }
}
const NONE = { items: [], next_cursor: null }
const m = `/console/m/${id('mer', 1)}`
const shopOf = `/m/${id('mer', 1)}`
const product = `/p/${id('prd', 1)}`
const team = (n) => `/t/${id('tem', n)}`
const sku = id('sku', 100)
const teamOrder = `/checkout?sku=${sku}&qty=1&product=${id('prd', 1)}&activity=${id('act', 1)}&team=${id('tem', 1)}`

// file | what it asks for | where it is seen | what is special:
//   none: the empty answer; says: the key of the text for it; ends: the list says where it ends
//   fails: the key of the text when it fails, where it is not the server's own; waits: what is shown until then
//   asks: a part of the question, where a page asks for the same thing twice; method: where it is no GET
const shop = [
  ['aftersale/AskPage', '/orders/{}', `/orders/${id('ord', 5)}/after-sale`, {}],
  ['aftersale/AskPage', '/orders/{}/after-sale-options', `/orders/${id('ord', 5)}/after-sale`, { none: { kinds: [], lines: [], no_reason_until: null, price_drop: null, cases: [] }, says: 'aftersale.nothing' }],
  ['aftersale/CasePage', '/after-sales/{}', `/after-sales/${id('cas', 1)}`, {}],
  ['aftersale/CasesPage', '/after-sales', '/after-sales', { none: NONE, says: 'aftersale.none', ends: true }],
  ['catalog/CategoriesPage', '/categories', '/categories', { none: { items: [] }, says: 'catalog.no_categories' }],
  ['catalog/CategoriesPage', '/products', '/categories', { none: NONE, says: 'catalog.none_here', ends: true }],
  ['catalog/HomePage', '/categories', '/', { none: { items: [] }, gone: '.diamonds', fails: 'catalog.categories_failed', waits: '.diamonds-waiting' }],
  ['catalog/HomePage', '/products', '/', { asks: 'together=true', none: NONE, gone: '.strip', fails: 'deals.strip_failed', waits: '.waiting' }],
  ['catalog/HomePage', '/products', '/', { asks: 'sort=new', none: NONE, says: 'catalog.none', ends: true }],
  ['catalog/MerchantPage', '/merchants/{}', shopOf, {}],
  ['catalog/MerchantPage', '/products', shopOf, { none: NONE, says: 'catalog.none', ends: true }],
  ['catalog/ProductPage', '/products/{}', product, {}],
  ['catalog/ProductPage', '/products/{}/activity', product, { fails: 'deals.strip_failed' }],
  ['catalog/ProductPage', '/activities/{}/teams', product, { none: { items: [] }, says: 'deals.no_teams', fails: 'deals.teams_failed' }],
  ['catalog/SearchPage', '/search', '/search?q=橙', { none: { ...NONE, total: 0, is_loose: false, meant: null, counts: null }, says: 'catalog.no_match', ends: true }],
  ['catalog/FilterSheet', '/search', '/search?q=橙', { asks: 'counts=true', first: (page) => page.getByRole('button', { name: '筛选' }).click() }],
  ['deals/TeamPage', '/teams/{}', team(3), {}],
  ['deals/TeamPage', '/products/{}', team(3), {}],
  ['deals/TeamPage', '/activities/{}/teams', team(3), { none: { items: [] }, gone: '.join', fails: 'deals.teams_failed', waits: '#main' }],
  ['deals/TeamPage', '/activities/{}/teams', team(5), { none: { items: [] }, says: 'deals.no_teams', fails: 'deals.teams_failed' }],
  ['knowledge/ComparePage', '/products/{}', `/compare?products=${id('prd', 1)},${id('prd', 4)}`, {}],
  ['knowledge/ComparePage', '/products/{}/review-summary', `/compare?products=${id('prd', 1)},${id('prd', 4)}`, {}],
  ['knowledge/ListPage', '/lists/{}', `/lists/${id('lst', 1)}`, { change: { items: [] }, says: 'lists.empty' }],
  ['knowledge/ListsPage', '/lists', '/me/lists', { none: NONE, says: 'lists.none', ends: true }],
  ['knowledge/ListsPage', '/products/{}', `/me/lists?product=${id('prd', 1)}`, { fails: 'lists.goods_failed', waits: '#main' }],
  ['knowledge/MyProposalsPage', '/article-proposals', '/me/proposals', { none: NONE, says: 'wiki.no_proposals', ends: true }],
  ['knowledge/WikiEditPage', '/products/{}/article', `${product}/wiki/edit`, {}],
  ['knowledge/WikiHistoryPage', '/products/{}/article/revisions', `${product}/wiki/history`, { none: NONE, says: 'wiki.none', ends: true }],
  ['knowledge/WikiPage', '/products/{}/article', `${product}/wiki`, { change: { revision: 0, current: null }, says: 'wiki.none' }],
  ['knowledge/WikiRevisionPage', '/products/{}/article/revisions/{}', `${product}/wiki/2`, {}],
  ['knowledge/MyPostsPage', '/posts', '/me/posts', { none: NONE, says: 'knowledge.no_posts', ends: true }],
  ['knowledge/OrderReviewsPage', '/orders/{}/reviews', `/orders/${id('ord', 5)}/reviews`, {}],
  ['knowledge/QuestionPage', '/posts/{}', `/questions/${id('pst', 4)}`, {}],
  ['knowledge/QuestionPage', '/posts/{}/answers', `/questions/${id('pst', 4)}`, { none: NONE, says: 'knowledge.no_answers', ends: true }],
  ['knowledge/QuestionsPage', '/products/{}/questions', `${product}/questions`, { none: NONE, says: 'knowledge.no_questions', ends: true }],
  ['knowledge/ReviewsPage', '/products/{}/review-summary', `${product}/reviews`, { fails: 'knowledge.summary_failed', waits: '#main' }],
  ['knowledge/ReviewsPage', '/products/{}/reviews', `${product}/reviews`, { none: NONE, says: 'knowledge.no_reviews', ends: true }],
  ['parts/ProductVoices', '/products/{}/review-summary', product, { none: { reviews: 0, average_hundredths: null, stars: [0, 0, 0, 0, 0], with_follow_up: 0, questions: 0 }, says: 'knowledge.no_reviews', fails: 'knowledge.summary_failed', waits: '#main' }],
  ['parts/ProductVoices', '/products/{}/reviews', product, { none: NONE, gone: '.voices li', fails: 'knowledge.reviews_failed', waits: '#main' }],
  ['ledger/WalletPage', '/me/wallet', '/me/wallet', {}],
  ['ledger/WalletPage', '/me/wallet/entries', '/me/wallet', { none: NONE, says: 'ledger.none', ends: true }],
  ['coupons/CouponsPage', '/coupons', '/me/coupons', { none: NONE, says: 'coupons.none', ends: true }],
  ['coupons/HelpPage', '/coupon-links/{}', '/c/abcdefghjkmnpqrstuvwxyz0', {}],
  ['parts/CouponOffers', '/merchants/{}/coupon-offers', `/m/${id('mer', 1)}`, { fails: 'coupons.failed', waits: '#main' }],
  ['membership/MembershipPage', '/merchants/{}/membership', `/m/${id('mer', 1)}/membership`, { none: { factor: 1, days: 365, version: 0, tiers: [] }, says: 'membership.no_tiers' }],
  ['membership/MembershipPage', '/merchants/{}/membership/me', `/m/${id('mer', 1)}/membership`, { fails: 'membership.mine_failed', waits: '#main' }],
  ['flash/FlashPage', '/flash-sales', '/flash', { none: { items: [] }, says: 'flash.none' }],
  ['invoices/InvoicePage', '/orders/{}/invoice', `/orders/${id('ord', 4)}/invoice`, { none: { can_ask: false, invoice: null, last_title: null }, says: 'invoices.cannot' }],
  ['membership/CardsPage', '/me/membership-cards', '/me/cards', { none: { items: [] }, says: 'cards.none' }],
  ['membership/PaidCards', '/merchants/{}/membership/cards', `/m/${id('mer', 1)}/membership`, { waits: '#main' }],
  ['membership/PaidCards', '/me/membership-cards', `/m/${id('mer', 1)}/membership`, { fails: 'cards.mine_failed', waits: '#main' }],
  ['membership/PaidCards', '/merchants/{}/membership/cards/quit', `/m/${id('mer', 1)}/membership`, { first: (page) => page.getByRole('button', { name: '退卡' }).click(), waits: '#main' }],
  ['points/MinePage', '/points', '/me/points', { none: NONE, says: 'points.none', ends: true }],
  ['points/PointsPage', '/merchants/{}/points', `/m/${id('mer', 1)}/points`, { none: { rules: { is_on: false, per_unit: 1, worth_minor: 1, share_bp: 3000, days: 365, check_in: 0, streak_bonus: 0, utc_offset_minutes: 480 }, version: 0 }, says: 'points.off' }],
  ['points/PointsPage', '/merchants/{}/points/me', `/m/${id('mer', 1)}/points`, { fails: 'points.mine_failed', waits: '#main' }],
  ['orders/CartPage', '/cart', '/cart', { none: { groups: [], count: 0, total: { amount_minor: 0, currency: 'CNY' } }, says: 'orders.cart_empty' }],
  ['orders/CartPage', '/quotes', '/cart', { method: 'POST', first: (page) => page.getByRole('checkbox').first().uncheck(), fails: 'orders.part_failed', waits: '#main' }],
  ['orders/CheckoutPage', '/cart', `/checkout?skus=${sku}`, { none: { groups: [], count: 0, total: { amount_minor: 0, currency: 'CNY' } }, says: 'problem.checkout.empty' }],
  ['orders/CheckoutPage', '/me/addresses', `/checkout?skus=${sku}`, { none: NONE, says: 'people.add_address' }],
  ['orders/CheckoutPage', '/products/{}', teamOrder, {}],
  ['orders/CheckoutPage', '/products/{}/activity', teamOrder, { fails: 'deals.strip_failed', waits: '#main' }],
  ['orders/CheckoutPage', '/teams/{}', teamOrder, { fails: 'deals.teams_failed', waits: '#main' }],
  ['orders/CheckoutPage', '/quotes', teamOrder, { method: 'POST' }],
  ['orders/EvidenceCard', '/orders/{}/evidence', `/orders/${id('ord', 4)}`, { none: { model: 'last_touch', window_hours: 72, touches: [], commissions: [] }, says: 'reach.no_touch' }],
  ['orders/OrderPage', '/orders/{}', `/orders/${id('ord', 4)}`, {}],
  ['orders/OrdersPage', '/orders', '/orders', { none: NONE, says: 'orders.none', ends: true }],
  ['payments/CashierPage', '/orders/{}', `/cashier?orders=${id('ord', 1)}`, {}],
  ['payments/CashierPage', '/me/wallet', `/cashier?orders=${id('ord', 1)}`, { fails: 'payments.wallet_failed', waits: '#main' }],
  ['payments/CashierPage', '/payment-methods', `/cashier?orders=${id('ord', 1)}`, { fails: 'payments.methods_failed', waits: '#main' }],
  ['payments/PaymentPage', '/payments/{}', `/pay/${id('pay', 1)}`, {}],
  ['people/AddressesPage', '/me/addresses', '/me/addresses', { none: NONE, says: 'people.no_addresses' }],
  ['people/DevicesPage', '/sessions', '/me/devices', { none: NONE, says: 'people.no_devices', ends: true }],
  ['people/SecurityPage', '/me/security', '/me/security', {}],
  ['people/PrivacyPage', '/me/privacy', '/me/privacy', {}],
  ['people/MePage', '/me/wallet', '/me', { fails: 'payments.wallet_failed', waits: '#main' }],
  ['reach/CommissionsPage', '/me/commissions', '/me/commissions', { none: NONE, says: 'reach.no_commissions', ends: true }],
  ['reach/LandingPage', '/entries/{}', '/s/K7Q2M0', {}],
  ['reach/SharesPage', '/me/shares', '/me/shares', { none: NONE, says: 'reach.no_shares', ends: true }],
  ['settlement/IncomePage', '/me/income', '/me/income', { none: { items: [] }, says: 'settlement.none' }],
  ['session', '/me', '/orders', { waits: '#app' }],
  ['session', '/me', '/me', { waits: '#app' }],
]
const operator = '/console/operator'
const console_ = [
  ['aftersale/CasePage', '/after-sales/{}', `${m}/after-sales/${id('cas', 2)}`, {}],
  ['aftersale/CasesPage', '/merchants/{}/after-sales', `${m}/after-sales`, { none: NONE, says: 'aftersale.none', ends: true }],
  ['aftersale/CasesPage', '/disputes', '/console/operator/disputes', { none: NONE, says: 'aftersale.none', ends: true }],
  ['aftersale/TermsPage', '/merchants/{}/after-sale-terms', `${m}/after-sale-terms`, {}],
  ['catalog/ProductPage', '/categories', `${m}/products/new`, { fails: 'catalog.categories_failed', waits: '#main' }],
  ['catalog/ProductPage', '/products/{}', `${m}/products/${id('prd', 1)}`, {}],
  ['catalog/ProductsPage', '/merchants/{}/products', `${m}/products`, { none: NONE, says: 'catalog.none', ends: true }],
  ['deals/ActivitiesPage', '/merchants/{}/activities', `${m}/activities`, { none: NONE, says: 'deals.none', ends: true }],
  ['deals/ActivityNumbers', '/activities/{}/statistics', `${m}/activities`, { first: (page) => page.getByRole('button', { name: '数据：' }).first().click() }],
  ['deals/ActivityPage', '/activities/{}', `${m}/activities/${id('act', 1)}`, {}],
  ['deals/ActivityPage', '/products/{}', `${m}/activities/${id('act', 1)}`, {}],
  ['deals/ActivityPage', '/demo/clock', `${m}/activities/new`, {}],
  ['insight/DashboardPage', '/merchants/{}/dashboard', `${m}/dashboard`, { change: { by_day: [], top_products: [] }, says: 'insight.nothing' }],
  ['ledger/AccountPage', '/ledger/accounts/{}', `${operator}/accounts/${id('acc', 1)}`, {}],
  ['ledger/AccountPage', '/ledger/accounts/{}/entries', `${operator}/accounts/${id('acc', 1)}`, { none: NONE, says: 'ledger.none', ends: true }],
  ['ledger/AccountsPage', '/ledger/accounts', `${operator}/accounts`, { none: NONE, says: 'ledger.no_accounts', ends: true }],
  ['ledger/BalancePage', '/merchants/{}/balance', `${m}/balance`, {}],
  ['ledger/BalancePage', '/merchants/{}/balance/entries', `${m}/balance`, { none: NONE, says: 'ledger.none', ends: true }],
  ['ledger/BillsPage', '/provider-bills', `${operator}/provider-bills`, { none: NONE, says: 'bills.none', ends: true }],
  ['ledger/BillsPage', '/provider-differences', `${operator}/provider-bills`, { none: NONE, says: 'bills.no_differences', ends: true }],
  ['ledger/TransferPage', '/ledger/transfers/{}', `${operator}/transfers/${id('trf', 1)}`, {}],
  ['flash/FlashPage', '/merchants/{}/flash-sales', `${m}/flash`, { none: NONE, says: 'flash.none', ends: true }],
  ['invoices/InvoicesPage', '/merchants/{}/invoices', `${m}/invoices`, { none: NONE, says: 'invoices.none', ends: true }],
  ['invoices/LettersPage', '/merchants/{}/red-letters', `${m}/red-letters`, { none: NONE, says: 'invoices.no_letters', ends: true }],
  ['invoices/TermsPage', '/merchants/{}/invoice-terms', `${m}/invoice-terms`, {}],
  ['invoices/TermsPage', '/categories', `${m}/invoice-terms`, { fails: 'catalog.categories_failed', waits: '#main' }],
  ['membership/CardsPage', '/merchants/{}/membership/cards', `${m}/cards`, { none: { items: [] }, says: 'cards.none' }],
  ['membership/ProgramPage', '/merchants/{}/membership', `${m}/membership`, {}],
  ['orders/OrderPage', '/orders/{}', `${m}/orders/${id('ord', 3)}`, {}],
  ['orders/OrderPage', '/orders/{}/evidence', `${m}/orders/${id('ord', 3)}`, { none: { model: 'last_touch', window_hours: 72, touches: [], commissions: [] }, says: 'orders.no_touch' }],
  ['orders/OrdersPage', '/merchants/{}/orders', `${m}/orders`, { none: NONE, says: 'orders.none', ends: true }],
  ['knowledge/HeldWords', '/held-words', `${operator}/moderation`, {}],
  ['knowledge/ModerationPage', '/moderation', `${operator}/moderation`, { none: NONE, says: 'knowledge.queue_empty', ends: true }],
  ['knowledge/ProposalsPage', '/merchants/{}/article-proposals', `${m}/proposals`, { none: NONE, says: 'wiki.none', ends: true }],
  ['knowledge/ProposalsPage', '/article-proposals/{}', `${m}/proposals`, { first: (page) => page.getByRole('button', { name: '看改动' }).click() }],
  ['knowledge/PostsPage', '/merchants/{}/posts', `${m}/posts`, { none: NONE, says: 'knowledge.none', ends: true }],
  ['people/AuditLogPage', '/audit-log', `${operator}/audit-log`, { none: NONE, says: 'people.no_log', ends: true }],
  ['people/AuditLogPage', '/merchants/{}/audit-log', `${m}/audit-log`, { none: NONE, says: 'people.no_log', ends: true }],
  ['people/MerchantPage', '/merchants/{}', `${operator}/merchants/${merchants[0].id}`, {}],
  ['settlement/PledgeBox', '/merchants/{}/deposit', `${operator}/merchants/${merchants[0].id}`, {}],
  ['people/MerchantPage', '/merchants/{}/staff', `${operator}/merchants/${merchants[0].id}`, { none: NONE, says: 'people.no_staff', ends: true }],
  ['people/MerchantsPage', '/merchants', `${operator}/merchants`, { none: NONE, says: 'people.no_merchants', ends: true }],
  ['people/PeoplePage', '/people', `${operator}/people`, { none: NONE, says: 'people.no_people', ends: true }],
  ['people/PersonPage', '/people/{}', `${operator}/people/${id('per', 3)}`, { change: { merchants: [] }, says: 'people.works_nowhere' }],
  ['people/PersonPage', '/audit-log', `${operator}/people/${id('per', 3)}`, { none: NONE, says: 'people.nothing_done', ends: true }],
  ['people/SecurityPage', '/me/security', '/console/security', {}],
  ['people/StaffPage', '/merchants/{}/security', `${m}/staff`, {}],
  ['people/StaffPage', '/merchants/{}/staff', `${m}/staff`, { none: NONE, says: 'people.no_staff', ends: true }],
  ['coupons/CouponsPage', '/merchants/{}/coupon-templates', `${m}/coupons`, { none: NONE, says: 'coupons.none', ends: true }],
  ['points/ProgramPage', '/merchants/{}/points', `${m}/points`, {}],
  ['points/ReportPage', '/merchants/{}/points/report', `${m}/points-report`, { none: { outstanding: 0, worth: { amount_minor: 0, currency: 'CNY' }, owed: 0, due: [], months: [] }, says: 'points.nothing' }],
  ['pricing/PromotionsPage', '/merchants/{}/promotions', `${m}/promotions`, { none: NONE, says: 'promotion.none', ends: true }],
  ['pricing/SimulatorPage', '/merchants/{}/promotions', `${m}/promotions/try`, {}],
  ['pricing/PricingPage', '/merchants/{}/pricing', `${m}/pricing`, {}],
  ['reach/CommissionsPage', '/merchants/{}/commission-rules', `${m}/commissions`, {}],
  ['reach/CommissionsPage', '/merchants/{}/commissions', `${m}/commissions`, { none: NONE, says: 'reach.no_commissions', ends: true }],
  ['reach/ReachPage', '/merchants/{}/entries', `${m}/reach`, { none: NONE, says: 'reach.no_entries', ends: true }],
  ['reach/ReachPage', '/merchants/{}/funnel', `${m}/reach`, { none: { items: [] }, says: 'reach.no_visits' }],
  ['search/MissedPage', '/search/missed', `${m}/missed`, { none: { items: [] }, says: 'search.none_missed' }],
  ['search/SynonymsPage', '/search/synonyms', `${operator}/synonyms`, { none: NONE, says: 'search.no_groups', ends: true }],
  ['settlement/FeesPage', '/fee-rules', '/console/operator/fees', { change: { versions: [] }, says: 'settlement.no_versions' }],
  ['settlement/IncomePage', '/income-reports/{}', '/console/operator/income', { none: NONE, says: 'settlement.no_income', ends: true }],
  ['settlement/PayoutQueuePage', '/payouts', '/console/operator/payouts', { none: NONE, says: 'settlement.no_payouts', ends: true }],
  ['settlement/PayoutsPage', '/merchants/{}/balance', `${m}/payouts`, {}],
  ['settlement/PayoutsPage', '/merchants/{}/deposit', `${m}/payouts`, {}],
  ['settlement/PayoutsPage', '/merchants/{}/fee-rules', `${m}/payouts`, {}],
  ['settlement/PayoutsPage', '/merchants/{}/payouts', `${m}/payouts`, { none: NONE, says: 'settlement.no_payouts', ends: true }],
  ['settlement/StatementPage', '/merchants/{}/statement', `${m}/statement`, { asks: 'limit=1' }],
  ['stock/StockPage', '/merchants/{}/stock', `${m}/stock`, { none: NONE, says: 'stock.none', ends: true }],
  ['stock/StockPage', '/merchants/{}/stock', `${m}/stock?low=5`, { none: NONE, says: 'stock.none_low', ends: true }],
  ['parts/ProductPicker', '/merchants/{}/products', `${m}/activities/new`, { none: NONE, says: 'catalog.none' }],
  ['parts/names', '/names', `${operator}/accounts`, { none: { items: [] }, shows: id('per', 1), fails: 'people.names_failed', waits: '#main' }],
  ['session', '/me', `${m}/orders`, { waits: '#app' }],
]
/** Questions whose answer is an extra, with why nothing is said when there is none. */
const extras = {
  shop: {
    'parts/PointsEarn /merchants/{}/points': 'what buying would earn; without it nothing is said of points',
    'catalog/HomePage /flash-sales': 'a way to the sales; without it they are found under their own address and on their products',
    'catalog/ProductPage /products/{}/flash-sale': 'without it the price for everybody stands there; cart and checkout say what is paid',
    'parts/memberPrices /member-prices': 'without it the price for everybody stands there; cart and checkout say what is paid',
    'catalog/SearchPage /categories': 'only the name of a filter; a general word stands for it',
    'catalog/SearchPage /search/hot': 'words to choose from; the search itself shows what went wrong',
    'catalog/SearchBar /search/suggestions': 'nobody misses suggestions that do not come',
    'knowledge/ListPage /cart': 'part of an act: the page shows what went wrong',
    'catalog/ProductPage /cart': 'part of an act: the dialog shows what went wrong',
    'catalog/ProductPage /orders/{}': 'what was bought of a product that is gone; without it the page says that it is gone',
    'catalog/ProductPage /teams/{}': 'opens the dialog for a team; without it the page is as for anybody',
    'payments/PaymentPage /orders/{}': 'whether to go on to a team; the payment itself is shown',
    'people/SignInPage /demo/sign-in-codes': 'part of an act: the form shows what went wrong',
    'parts/clock /demo/clock': 'the moved clock of a demo',
    'stores/reach /entries/{}': 'who shared; the page does without',
    'stores/session /cart': 'the number on the tab; the cart itself shows what went wrong',
    'stores/session /demo': 'outside a demo there is nothing at that address',
  },
  console: {
    'people/SignInPage /demo/sign-in-codes': 'part of an act: the form shows what went wrong',
    'stores/session /demo': 'outside a demo there is nothing at that address',
  },
}

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

/** Answers one question of a page in the place of the mock; everything else goes on to it. */
async function instead(page, row, reply) {
  const [, path, , { asks, method = 'GET' }] = row
  const pattern = new RegExp(`^/api/v1${path.replaceAll('{}', '[^/]+')}$`)
  const mine = (url) => pattern.test(url.pathname) && (!asks || url.search.includes(asks))
  await page.route(mine, (route) => (route.request().method() === method ? reply(route) : route.fallback()))
  return () => page.unroute(mine)
}
const failure = { status: 500, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', status: 500, code: 'server.unexpected', detail: 'made to fail', request_id: 'req_made_to_fail' }) }
const json = (body) => ({ status: 200, contentType: 'application/json', body: JSON.stringify(body) })

function check(app, row, say) {
  const [file, path, at, { none, change, says, shows, gone, ends, fails, waits = '.skeleton', first, asks }] = row
  const label = `${app} ${file} asks for ${path}${asks ? ` with ${asks}` : ''} at ${at.split('?')[0]}`
  if (only && !new RegExp(only).test(label)) return
  test(label, { timeout: 60_000 }, async () => {
    const viewport = app === 'console' ? { width: 1280, height: 800 } : undefined
    const page = await browser.open(app === 'console' ? '/console/sign-in' : '/search?q=none', { viewport })
    page.setDefaultTimeout(10_000)
    const picture = (name) => shots && page.screenshot({ path: `${shots}/state_${app}_${file.replace('/', '_')}_${path.replaceAll(/\W+/g, '-')}_${name}.png` })
    const go = async () => {
      await page.goto(mock.url + at)
      if (first) {
        await settled(page)
        await first(page)
      }
    }
    const alert = page.getByRole('alert').filter({ hasText: say(fails ?? 'problem.server.unexpected') })
    try {
      // Slow, then failing.
      let release
      const held = new Promise((done) => (release = done))
      const free = await instead(page, row, async (route) => {
        await held
        await route.fulfill(failure)
      })
      await go()
      await page.locator(waits).first().waitFor({ state: 'attached' })
      assert.equal(await alert.count(), 0, 'nothing failed yet')
      release()
      await alert.first().waitFor()
      await settled(page)
      await picture('fails')
      // Another try brings what was missing, and the list says where it ends.
      await free()
      await alert.first().getByRole('button', { name: say('ui.retry') }).click()
      await alert.first().waitFor({ state: 'detached' })
      await settled(page)
      assert.equal(await alert.count(), 0)
      if (ends) await page.getByText(say('ui.end'), { exact: true }).first().waitFor()
      // Empty.
      if (!none && !change) return
      await instead(page, row, async (route) => route.fulfill(json(none ?? { ...(await (await route.fetch()).json()), ...change })))
      await go()
      await settled(page)
      await picture('empty')
      if (says) await page.getByText(say(says)).first().waitFor()
      if (shows) await page.getByText(shows).first().waitFor()
      if (gone) assert.equal(await page.locator(gone).count(), 0, `${gone} stands there empty`)
      assert.equal(await page.getByRole('alert').count(), 0, 'empty is no failure')
      assert.deepEqual(page.errors, [])
    } finally {
      await page.context().close()
    }
  })
}
for (const [app, rows] of [['shop', shop], ['console', console_]]) for (const row of rows) check(app, row, words(app))

test('what comes next of a list may fail and be tried again', async () => {
  const say = words('shop')
  const page = await browser.open('/search?q=none')
  let asked = 0
  await page.route((url) => url.pathname === '/api/v1/orders', async (route) => {
    const all = await (await route.fetch()).json()
    asked += 1
    if (asked === 1) return route.fulfill(json({ items: all.items.slice(0, 2), next_cursor: 'next' }))
    return route.fulfill(asked === 2 ? failure : json({ ...NONE, items: all.items.slice(2, 4) }))
  })
  await page.goto(`${mock.url}/orders`)
  const more = page.getByRole('button', { name: say('ui.more') })
  await more.or(page.getByRole('alert')).first().waitFor()
  if (await more.isVisible()) await more.click()
  await page.getByRole('alert').getByRole('button', { name: say('ui.retry') }).click()
  await page.getByText(say('ui.end'), { exact: true }).waitFor()
  assert.equal(await page.locator('#main li.card').count(), 4)
  assert.equal(asked, 3)
  await page.context().close()
})

test('every question of a page has its row', () => {
  for (const [app, rows] of [['shop', shop], ['console', console_]]) {
    const root = join(web, 'apps', app, 'src')
    const asked = new Set()
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(vue|ts)$/.test(entry.name)) continue
      const path = join(entry.parentPath ?? entry.path, entry.name)
      const file = relative(root, path).replace(/\.(vue|ts)$/, '').replace('features/', '')
      for (const [, what] of readFileSync(path, 'utf8').matchAll(/api\.(?:GET\('|POST\('(?=\/api\/v1\/quotes'))\/api\/v1([^']+)'/g)) {
        asked.add(`${file} ${what.replaceAll(/\{\w+\}/g, '{}')}`)
      }
    }
    const known = new Set([...rows.map(([file, path]) => `${file === 'session' ? 'stores/session' : file} ${path}`), ...Object.keys(extras[app])])
    assert.deepEqual([...asked].filter((one) => !known.has(one)), [], `${app}: no row`)
    assert.deepEqual([...known].filter((one) => !asked.has(one)), [], `${app}: nobody asks`)
  }
})
