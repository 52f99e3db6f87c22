// Serves the built apps over an in-memory imitation of the API, for looking at pages and checking them with axe.
// It keeps no rules: whatever is tested against money, stock or rights must run against the real server.
import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { activities, addresses, article, at, cases, changes, list, proposals, revisions, categories, id, me, merchants, next, orders, order, people, posts, products, quote, teams, yuan } from './data.mjs'

const web = fileURLToPath(new URL('../..', import.meta.url))
const KINDS = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' }
const page = (items) => ({ items, next_cursor: null })
const refused = (status, code) => ({ status, body: { type: 'about:blank', status, code, detail: code, request_id: 'req_mock' } })
const card = (p) => {
  const activity = activities.find((a) => a.product === p.id)
  return {
    id: p.id, merchant: p.merchant, merchant_name: p.merchant_name, title: p.title, picture: p.pictures[0] ?? null, price: p.skus[0].price,
    activity: activity ? { id: activity.id, team_price: activity.skus[0].team_price, size: activity.size } : null,
  }
}
const entry = (n) => ({ code: `K7Q2M${n}`, url: `http://localhost/s/K7Q2M${n}`, poster_url: '/media/poster.png', qr_url: '/media/qr.svg', target: { kind: 'product', id: products[n].id }, visits: 42, orders: 3, created_at: at(-86400) })
const commission = (n, state) => ({
  id: id('com', n), order: orders[4].id, order_number: orders[4].number, line: 1, level: 1 + (n % 2), amount: yuan(320), clawed: yuan(state === 'clawed_back' ? 320 : 0), state, release_at: at(86400 * 6), rate_bp: 500, base: yuan(6400), product_title: products[n].title, created_at: at(-3600),
})
const account = (number, kind, balance) => ({ account: number, kind, owner: { wallet: id('per', 1), payable: id('mer', 1), escrow: id('mer', 2) }[kind] ?? 'platform', asset: 'CNY', rule: 'none', posted_debit: 500, posted_credit: balance + 500, pending_debit: 0, pending_credit: 0, created_at: at(-9000) })
const ledger = (n) => ({ seq: n, transfer: id('trf', n), kind: ['capture', 'refund', 'commission', 'settle'][n % 4], side: n % 3 ? 'C' : 'D', amount: yuan(1200 + n * 35), balance_after: yuan(50000 + n * 100), order: n % 2 ? orders[0].id : null, at: at(-n * 4000) })

const tiers = [{ code: 'silver', title: '银卡', threshold: 300, off_bp: 200, is_freight_free: false }, { code: 'gold', title: '金卡', threshold: 1000, off_bp: 500, is_freight_free: true }]
const offers = [
  { id: id('cpt', 1), merchant: merchants[0].id, title: '满减券', gift: { kind: 'cash', off_minor: 600 }, threshold: yuan(5900), scope: { categories: [], products: [], skus: [] }, is_stacking: true, growth: null, validity: { kind: 'days', days: 30 }, ends_at: at(9e6), per_person: 1, claimed: 1 },
  { id: id('cpt', 2), merchant: merchants[0].id, title: '九折券', gift: { kind: 'percent', off_bp: 1000, cap_minor: 2000 }, threshold: yuan(0), scope: { categories: [], products: [id('prd', 1)], skus: [] }, is_stacking: false, growth: null, validity: { kind: 'days', days: 30 }, ends_at: at(9e6), per_person: 2, claimed: 0 },
  { id: id('cpt', 3), merchant: merchants[0].id, title: '膨胀券', gift: { kind: 'cash', off_minor: 200 }, threshold: yuan(2900), scope: { categories: [], products: [], skus: [] }, is_stacking: true, growth: { per_friend_minor: 100, per_day_minor: 50, to_minor: 1200 }, validity: { kind: 'days', days: 30 }, ends_at: at(9e6), per_person: 1, claimed: 0 },
]
const coupons = offers.map((offer, n) => ({ ...offer, id: id('cpn', n + 1), template: offer.id, merchant_name: merchants[0].name, state: ['usable', 'used', 'usable'][n], code: offer.growth ? 'abcdefghjkmnpqrstuvwxyz0' : null, claimed_at: at(-86400), valid_to: at(20 * 86400), order: n === 1 ? orders[4].id : null }))
const options = [{ coupon: coupons[0].id, title: '满减券', gift: offers[0].gift, threshold: offers[0].threshold, saves: yuan(600), valid_to: at(86400) }, { coupon: coupons[2].id, title: '膨胀券', gift: offers[2].gift, threshold: offers[2].threshold, saves: yuan(0), valid_to: at(86400) }]
const couponLink = { template: offers[2].id, merchant: merchants[0].id, merchant_name: merchants[0].name, title: '膨胀券', owner_name: '林**', gift: { kind: 'cash', off_minor: 450 }, threshold: yuan(2900), growth: offers[2].growth, valid_to: at(20 * 86400), adds: yuan(100), is_mine: false, has_helped: false, log: [{ amount: yuan(100), at: at(-3600), is_by_friend: true }, { amount: yuan(150), at: at(-7200), is_by_friend: false }], server_now: at(0) }
const synonyms = [['番茄', '西红柿'], ['土豆', '马铃薯', 'potato']].map((words, n) => ({ id: id('syn', n + 1), words, updated_at: at(-n * 900) }))

const cards = { items: [[3, '青禾年卡', 365, 800, 9900], [4, '青禾季卡', 90, 500, 2900]].map(([n, title, days, off_bp, price]) => ({ sku: id('sku', n * 100), product: id('prd', n), title, days, off_bp, is_freight_free: n === 3, price: yuan(price), is_sold: true, version: 1 })) }
const myCards = { items: [[1, -350, 9], [2, 9, 374]].map(([n, from, to]) => ({ order: id('ord', n), merchant: merchants[0].id, merchant_name: merchants[0].name, sku: id('sku', 300), title: '青禾年卡', off_bp: 800, is_freight_free: true, starts_at: at(from * 86400), ends_at: at(to * 86400), ends_soon: n === 1 })) }
const flashSales = [[5, 'running', -3600, 7200], [6, 'coming', 3600, 9000]].map(([n, state, from, to]) => { const p = products[n - 1]; return { id: id('fls', n), merchant: p.merchant, product: p.id, product_title: p.title, picture: null, title: n === 5 ? '今日秒杀' : '晚八点专场', state, starts_at: at(from), ends_at: at(to), per_person: n === 5 ? 2 : null, skus: p.skus.slice(0, 1).map((s) => ({ sku: s.id, option_values: s.option_values, price: yuan(Math.floor(s.price.amount_minor * 0.6)), base_price: s.price, quota: 100, left: n === 5 ? 37 : 100 })), server_now: at(0) } })
const letters = ['asked', 'issued'].map((state, n) => ({ refund: id('rfd', n + 1), invoice: id('inv', 2), state, amount: yuan(1200 + n * 300), tax: yuan(138 + n), number: n ? '26332000000000000012' : null, invoice_number: '26332000000000000007', asked_at: at(-7200), issued_at: n ? at(-600) : null }))
const invoices = ['asked', 'issued'].map((state, n) => ({ id: id('inv', n + 1), order: orders[3 + n].id, order_number: orders[3 + n].number, merchant: merchants[0].id, merchant_name: merchants[0].name, state, kind: n ? 'person' : 'company', title: n ? '林小满' : '杭州青禾农业有限公司', tax_code: n ? null : '91330106MA0QN8HX2R', amount: yuan(10560), tax: yuan(1215), red: yuan(n ? 2700 : 0), number: n ? '26332000000000000007' : null, link: n ? 'https://example.org/f' : null, reason: null, asked_at: at(-86400), issued_at: n ? at(-3600) : null, lines: [[1, '赣南脐橙 5 斤装 大果', 2, 9960, 1146], [0, '运费', 1, 600, 69]].map(([line, title, qty, amount, tax]) => ({ line, title, qty, amount: yuan(amount), rate_bp: 1300, tax: yuan(tax), red: yuan(0) })), letters: n ? letters : [] }))
const pointsProgram = { rules: { is_on: true, per_unit: 10, worth_minor: 1, share_bp: 3000, days: 180, check_in: 5, streak_bonus: 30, utc_offset_minutes: 480 }, version: 2 }
const myPoints = { balance: 1280, worth: yuan(1280), owed: 40, ends: [{ points: 300, expires_at: '2026-12-31T16:00:00Z' }, { points: 980, expires_at: '2027-05-31T16:00:00Z' }], streak: 3, check_in: 5, log: [['order', 640, -60, orders[4].id], ['check_in', 5, 0, null], ['spend', -800, 0, orders[3].id], ['return', 200, 0, orders[3].id], ['take_back', -120, 100, orders[2].id], ['expire', -35, 0, null]].map(([kind, amount, owed, order], n) => ({ kind, amount, owed, order, at: at(-n * 86400 - 60) })) }
const pointsReport = { outstanding: 48210, worth: yuan(48210), owed: 320, due: [['2026-11', 1800], ['2026-12', 6400], ['2027-01', 9210], ['2027-02', 12400], ['2027-03', 18400]].map(([month, points]) => ({ month, points, worth: yuan(points) })), months: [['2026-11', 21400, 8800, 900, 1200, 640], ['2026-10', 18900, 7120, 300, 800, 410]].map(([month, issued, spent, returned, taken_back, expired]) => ({ month, issued, spent, returned, taken_back, expired })) }

function makeApi(state) {
  const cart = () => {
    const groups = merchants.map((m) => {
      const lines = [...state.cart].flatMap(([sku, qty]) => {
        const product = products.find((p) => p.skus.some((s) => s.id === sku))
        if (product?.merchant !== m.id) return []
        const found = product.skus.find((s) => s.id === sku)
        return [{ sku, product: product.id, title: product.title, picture: product.pictures[0], option_values: found.option_values, qty, unit: found.price, available: found.available, no_reason_return: product.no_reason_return, is_virtual: false, problem: found.available < 1 ? 'stock.short' : null }]
      })
      return { merchant: m.id, merchant_name: m.name, lines, quote: quote(lines.filter((l) => !l.problem)), next: next(quote(lines.filter((l) => !l.problem))), coupons: options }
    }).filter((g) => g.lines.length > 0)
    return { groups, count: [...state.cart.values()].reduce((a, b) => a + b, 0), total: yuan(groups.reduce((sum, g) => sum + g.quote.total.amount_minor, 0)) }
  }
  const find = (list, key) => list.find((x) => x.id === key) ?? null
  const mid = merchants[0].id
  return [
    ['GET', '/demo', () => ({ is_demo: true, operator_phone: '13800000009', people: [{ phone: '13800000001', name: '林小满', what: '买家，也是山野鲜果的店主' }, { phone: '13800000002', name: '周远', what: '买家' }] })],
    ['GET', '/demo/clock', () => ({ now: at(0) })],
    ['GET', '/demo/sign-in-codes', () => ({ code: '123456' })],
    ['POST', '/sign-in/codes', () => ({ expires_at: at(300) })],
    ['POST', '/sessions(?:/guest|/password)?', () => ((state.signedIn = true), { session: id('ses', 1), person: me.id, is_guest: false, expires_at: at(86400) })],
    ['POST', '/sessions/(?:end-others|[^/]+/end)', () => null],
    ['PUT', '/me/password', () => null],
    ['POST', '/sessions/sign-out', () => ((state.signedIn = false), null)],
    ['GET', '/me/security', () => ({ has_second_factor: false, recovery_codes_left: 0, has_password: true, proven_until: null, asked_by: ['巷口粮油'] })],
    ['GET', '/me/privacy', () => ({ kinds: [['people.person', 'kept'], ['people.address', 'removed'], ['orders.order', 'kept'], ['orders.cart', 'removed'], ['search.asked', 'removed'], ['rest.answer', 'expires']].map(([name, fate]) => ({ name, fate })), binds: ['orders.open', 'wallet.not_empty'] })],
    ['POST', '/me/archive', () => ({ person: me.id, held: {} })],
    ['POST', '/me/erase', () => ((state.signedIn = false), null)],
    ['PUT', '/me/totp', () => ({ secret: 'MZXW6YTBOI', uri: 'otpauth://totp/Tuan', qr_svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3H1z"/></svg>' })],
    ['POST', '/me/totp/confirm', () => ({ recovery_codes: Array.from({ length: 10 }, (_, n) => `ABCD-EFGH-JKLM-NPQ${n}`) })],
    ['POST', '/me/step-up', () => null],
    ['GET', '/merchants/[^/]+/security', () => ({ needs_second_factor: false })],
    ['PUT', '/merchants/[^/]+/security', (_, body) => body],
    ['GET', '/sessions', () => page([{ id: id('ses', 1), created_at: at(-9000), seen_at: at(-5), user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36', is_current: true }, { id: id('ses', 2), created_at: at(-90000), seen_at: at(-8000), user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1', is_current: false }])],
    ['GET', '/me', () => (state.signedIn ? me : refused(401, 'auth.required'))],
    ['PATCH', '/me', () => me],
    ['POST', '/me/invitations/[^/]+/accept', () => (me.invitations.splice(0), me)],
    ['POST', '/me/invitations/[^/]+/decline', () => (me.invitations.splice(0), null)],
    ['GET', '/me/addresses', () => page(addresses)],
    ['POST', '/me/addresses', (_, body) => (addresses.push({ id: id('adr', addresses.length + 1), ...body }), addresses.at(-1))],
    ['GET', '/me/wallet', () => ({ account: id('acc', 1), balance: yuan(12850), pending: yuan(640) })],
    ['GET', '/me/wallet/entries', () => page([1, 2, 3, 4, 5].map(ledger))],
    ['GET', '/me/shares', () => page([0, 1].map((n) => ({ ...entry(n), frozen: yuan(640), paid: yuan(1280) })))],
    ['GET', '/me/commissions', () => page(['frozen', 'released', 'clawed_back'].map((s, n) => commission(n, s)))],
    ['GET', '/categories', () => ({ items: categories })],
    ['GET', '/search', (_, __, url) => {
      const q = url.searchParams.get('q') ?? ''
      const fits = products.filter((p) => p.state === 'published' && (!url.searchParams.get('together') || activities.some((a) => a.product === p.id)) && p.title.includes(q))
      const counts = url.searchParams.get('counts') && { categories: categories.slice(0, 2).map((c) => ({ category: c.id, count: 2 })), merchants: merchants.slice(0, 2).map((m) => ({ merchant: m.id, name: m.name, count: 2 })), facts: [{ name: '产地', values: [{ value: '云南', count: 2 }, { value: '山东', count: 1 }] }], prices: [{ from: yuan(100), to: yuan(999), count: 1 }, { from: yuan(1000), to: yuan(9900), count: 3 }], together: 1 }
      const marks = (title) => (q && title.includes(q) ? [{ from: title.indexOf(q), to: title.indexOf(q) + q.length }] : [])
      return { ...page(fits.map((p) => ({ product: card(p), marks: marks(p.title) }))), total: fits.length, is_loose: q === 'zzz', meant: q === 'zzz' ? '橙' : null, counts: counts || null }
    }],
    ['GET', '/search/suggestions', (_, __, url) => ({ items: ['五常大米', '大米', '橙子'].filter((word) => word.includes(url.searchParams.get('q'))) })],
    ['GET', '/search/hot', () => ({ items: ['橙子', '大米'] })],
    ['GET', '/search/missed', () => ({ items: [{ query: '榴莲千层', people: 7, asked_at: at(-300) }, { query: '龟苓膏', people: 2, asked_at: at(-9000) }] })],
    ['GET', '/search/synonyms', () => page(synonyms)],
    ['POST', '/search/synonyms', (_, body) => (synonyms.unshift({ id: id('syn', synonyms.length + 1), words: body.words, updated_at: at(0) }), synonyms[0])],
    ['PUT', '/search/synonyms/([^/]+)', ([s], body) => Object.assign(find(synonyms, s), { words: body.words })],
    ['DELETE', '/search/synonyms/([^/]+)', ([s]) => (synonyms.splice(synonyms.findIndex((known) => known.id === s), 1), null)],
    ['GET', '/products', (_, __, url) => page(products.filter((p) => p.state === 'published' && (!url.searchParams.get('together') || activities.some((a) => a.product === p.id))).map(card))],
    ['GET', '/products/([^/]+)', ([p]) => find(products, p)],
    ['PUT', '/products/([^/]+)', ([p], body) => ({ ...find(products, p), title: body.title })],
    ['GET', '/products/([^/]+)/activity', ([p]) => activities.find((a) => a.product === p) ?? refused(404, 'activity.none')],
    ['GET', '/activities/[^/]+/teams', () => ({ items: teams.slice(0, 3) })],
    ['GET', '/activities/([^/]+)', ([a]) => { const found = find(activities, a); return found && { ...found, state: found.id === activities[1].id ? 'live' : 'draft' } }],
    ['PUT', '/activities/([^/]+)', ([a], body) => ({ ...find(activities, a), title: body.title })],
    ['GET', '/activities/[^/]+/statistics', () => ({ teams_opened: 31, teams_succeeded: 24, teams_failed: 3, people: 68, orders: 68, paid: yuan(202640) })],
    ['POST', '/merchants/[^/]+/activities', (_, body) => ({ ...activities[0], title: body.title })],
    ['POST', '/activities/([^/]+)/(?:start|end)', ([a]) => find(activities, a)],
    ['GET', '/teams/([^/]+)', ([t]) => { const found = find(teams, t); return found && { ...found, server_now: at(0) } }],
    ['POST', '/teams/([^/]+)/merge-offers', ([t]) => ({ state: 'waiting', team: t })],
    ['GET', '/cart', () => (state.signedIn ? cart() : refused(401, 'auth.required'))],
    ['PUT', '/cart/lines/([^/]+)', ([sku], body) => (body.qty > 0 ? state.cart.set(sku, body.qty) : state.cart.delete(sku), cart())],
    ['POST', '/quotes', (_, body) => { const used = !body.deal && (body.coupons ?? []).length > 0; const spent = Math.min(800, body.points?.[0]?.points ?? 0); const q = quote(body.items, body.deal, used, spent); return { groups: [{ merchant: mid, quote: q, next: next(q), coupons: body.deal ? [] : options, points: body.deal ? null : { balance: 1280, most: 800, worth_each: yuan(1) } }], total: q.total } }],
    ['GET', '/merchants/[^/]+/coupon-offers', () => ({ items: offers })],
    ['POST', '/coupon-templates/[^/]+/claim', () => coupons[0]],
    ['GET', '/coupons', (_, __, url) => page(coupons.filter((c) => c.state === (url.searchParams.get('state') ?? 'usable')))],
    ['GET', '/coupon-links/[^/]+', () => couponLink],
    ['POST', '/coupon-links/[^/]+/help', () => ({ added: yuan(100), own: coupons[0] })],
    ['POST', '/checkouts', () => ({ id: id('chk', 1), orders: [orders[0].id], total: orders[0].total })],
    ['GET', '/payment-methods', () => ({ items: [{ method: 'sandbox', kinds: [] }, { method: 'wallet', kinds: [] }] })],
    ['POST', '/payments', (_, body) => ((state.payment = { id: id('pay', 1), method: body.method, state: body.method === 'wallet' ? 'captured' : 'pending', amount: orders[0].total, orders: body.orders, expires_at: at(900), cashier_url: null }), state.payment)],
    ['GET', '/payments/[^/]+', () => state.payment ?? { id: id('pay', 1), method: 'sandbox', state: 'pending', amount: orders[0].total, orders: [orders[0].id], expires_at: at(900), cashier_url: null }],
    ['POST', '/demo/sandbox/payments/[^/]+/([a-z_]+)', ([action]) => (state.payment && (state.payment.state = action === 'pay' ? 'captured' : 'failed'), {})],
    ['GET', '/orders', (_, __, url) => page(orders.filter((o) => !url.searchParams.get('state') || o.state === url.searchParams.get('state')))],
    ['GET', '/orders/([^/]+)', ([o]) => find(orders, o)],
    ['POST', '/orders/([^/]+)/(cancel|receive|shipments)', ([o, act]) => order(Number.parseInt(o.slice(4), 16), { cancel: 'cancelled', receive: 'received', shipments: 'shipped' }[act])],
    ['GET', '/orders/([^/]+)/evidence', () => ({ model: 'last_touch', window_hours: 72, touches: [{ at: at(-8000), code: 'K7Q2M0', sharer: id('per', 2), sharer_name: '周*', scene: 'link', counted: true, reason: 'counted' }, { at: at(-9000), code: 'K7Q2M1', sharer: id('per', 3), sharer_name: '李*', scene: 'poster', counted: false, reason: 'superseded' }], commissions: [commission(0, 'frozen')] })],
    ['GET', '/orders/([^/]+)/after-sale-options', ([o]) => ({ kinds: ['refund', 'return', 'exchange', 'price_protection'], lines: find(orders, o).lines.map((l) => ({ line: l.line, units: l.qty, amount: l.total, no_reason_return: l.no_reason_return })), no_reason_until: at(86400 * 5), price_drop: yuan(300), cases: [] })],
    ['POST', '/orders/[^/]+/after-sales', (_, body) => ({ ...cases[0], kind: body.kind, reason: body.reason })],
    ['GET', '/after-sales', () => page(cases)],
    ['GET', '/after-sales/([^/]+)', ([c]) => find(cases, c)],
    ['POST', '/after-sales/([^/]+)/([a-z]+)', ([c, act]) => ({ ...find(cases, c), state: { send: 'goods_sent', withdraw: 'withdrawn', dispute: 'disputed', agree: 'done', accept: 'done', decline: 'declined', decide: 'done' }[act] ?? find(cases, c).state, may: [] })],
    ['GET', '/merchants/[^/]+/after-sales', (_, __, url) => page(cases.filter((c) => c.state === (url.searchParams.get('state') ?? 'requested')))],
    ['GET', '/merchants/[^/]+/after-sale-terms', () => ({ address: { name: '仓库', phone: '13800000000', region: '浙江省杭州市余杭区', street: '良渚街道 88 号' }, price_protection_days: 15, version: 1 })],
    ['PUT', '/merchants/[^/]+/after-sale-terms', (_, body) => ({ ...body, version: 2 })],
    ['GET', '(?:/merchants/[^/]+)?/fee-rules', () => ({ rate_bp: 100, versions: [{ version: 2, rate_bp: 100, from: at(-86400), set_at: at(-90000), note: '只按实际成交收取' }, { version: 1, rate_bp: 60, from: at(-8640000), set_at: at(-8640000), note: '开业优惠' }] })],
    ['GET', '/provider-bills', () => page([{ provider: 'wechat_pay', day: '2026-03-01', charged: yuan(128800), refunded: yuan(9900), lines: 42, done_at: at(-3600) }, { provider: 'alipay', day: '2026-03-01', charged: yuan(56000), refunded: yuan(0), lines: 17, done_at: null }])],
    ['GET', '/provider-differences', () => page([{ provider: 'wechat_pay', day: '2026-03-01', number: '0192f0c1a2b37c4d8e9fa0b1c2d3e4f5', kind: 'missing_here', is_refund: false, ours: yuan(0), theirs: yuan(3990), parked: yuan(3990), found_at: at(-3600), handled_at: null, handled_by: null, note: null }])],
    ['POST', '/provider-differences/handle', () => ({})],
    ['PUT', '/fee-rules', (_, body) => ({ rate_bp: body.rate_bp, versions: [] })],
    ['GET', '/merchants/[^/]+/statement', () => ({ from: at(-2678400), to: at(0), opening: yuan(100000), gross: yuan(15000), commission: yuan(750), fee: yuan(150), net: yuan(14100), closing: yuan(114100), lines: page([['settled', 9900, 495, 99], ['settled', 8100, 405, 81], ['refund', -3000, 0, -30], ['commission_back', 0, -150, 0], ['payout', -20000, 0, 0]].map(([kind, gross, commission, fee], n) => ({ id: id('stl', n), at: at(-n * 7000), kind, order: kind === 'payout' ? null : orders[n].id, reference: orders[n].number, gross: yuan(gross), commission: yuan(commission), fee: yuan(fee), net: yuan(gross - commission - fee) }))) })],
    ['GET', '(?:/merchants/[^/]+)?/payouts', (_, __, url) => page(['requested', 'approved', 'paid', 'rejected'].filter((s) => !url.searchParams.get('state') || s === url.searchParams.get('state')).map((s, n) => ({ id: id('pyo', n), merchant: mid, merchant_name: merchants[0].name, amount: yuan(20000 + n * 5000), state: s, destination: '招商银行 6225 **** 1234', requested_by: me.id, decided_by: null, reference: s === 'paid' ? 'BK20261123' : s === 'rejected' ? '账号有误' : null, requested_at: at(-n * 9000), decided_at: null, ended_at: null })))],
    ['POST', '(?:/merchants/[^/]+)?/payouts(?:/[^/]+/[a-z]+)?', () => ({ id: id('pyo', 9), state: 'requested' })],
    ['GET', '/merchants/[^/]+/deposit', () => ({ due: yuan(200000), held: yuan(150000) })],
    ['PUT', '/merchants/[^/]+/deposit', (_, body) => ({ due: yuan(body.due_minor), held: yuan(150000) })],
    ['POST', '/merchants/[^/]+/deposit/[a-z]+', () => ({ due: yuan(200000), held: yuan(200000) })],
    ['GET', '/me/income', () => ({ items: [20264, 20263].map((quarter) => ({ person: me.id, name: me.name, quarter, kind: 'commission', payments: 7, paid: yuan(4200), taken_back: yuan(320), net: yuan(3880) })) })],
    ['GET', '/income-reports/[0-9]+', () => page(people.map((p, n) => ({ person: p.id, name: p.name, quarter: 20264, kind: 'commission', payments: 3 + n, paid: yuan(1200 * (n + 1)), taken_back: yuan(100 * n), net: yuan(1200 * (n + 1) - 100 * n) })))],
    ['GET', '/merchants/[^/]+/promotions', () => page(['live', 'draft', 'paused', 'ended'].map((s, n) => ({ id: id('prm', n), merchant: mid, title: ['周末立减', '第二件半价', '新客特惠', '开业八折'][n], state: s, lane: ['order', 'item', 'order', 'order'][n], scope: { categories: [], products: [], skus: [] }, needs: {}, action: [{ kind: 'amount_off', off_minor: 500 }, { kind: 'nth_off', nth: 2, off_bp: 5000 }, { kind: 'amount_off', off_minor: 1000 }, { kind: 'percent_off', off_bp: 2000, cap_minor: null }][n], starts_at: at(-86400), ends_at: at(604800), budget: n === 0 ? yuan(100000) : null, uses_max: n === 2 ? 100 : null, per_person: 1, used: 12 * n, spent: yuan(6000 * n), version: 1 })))],
    ['GET', '/merchants/[^/]+/coupon-templates', () => page(offers.map((offer, n) => ({ ...offer, state: ['live', 'paused', 'stopped'][n], starts_at: at(-86400), issue_max: n ? 500 : null, worth_max: n ? yuan(500000) : null, issued: 120 * (n + 1), promised: yuan(72000 * (n + 1)), used: 31 * (n + 1), cost: yuan(18600 * (n + 1)) })))],
    ['POST', '/merchants/[^/]+/coupon-templates', () => ({ id: id('cpt', 9), state: 'live' })],
    ['POST', '/coupon-templates/[^/]+/(?:pause|resume|stop)', () => ({ id: id('cpt', 1), state: 'paused' })],
    ['POST', '/merchants/[^/]+/promotions', () => ({ id: id('prm', 9), state: 'draft' })],
    ['POST', '/promotions/[^/]+/(?:start|pause|end)', () => ({ id: id('prm', 1), state: 'live' })],
    ['POST', '/merchants/[^/]+/promotions/simulate', (_, body) => ({ quote: { ...quote(body.items), promotions: [] }, next: [], promotions: [{ promotion: id('prm', 0), title: '周末立减', off_minor: 500, unmet: null }, { promotion: id('prm', 2), title: '新客特惠', off_minor: 0, unmet: 'new_buyers' }] })],
    ['GET', '/products/[^/]+/review-summary', () => ({ reviews: 3, average_hundredths: 433, stars: [0, 0, 1, 0, 2], with_follow_up: 1, questions: 2 })],
    ['GET', '/products/[^/]+/reviews', () => page(posts.filter((p) => p.kind === 'review' && p.standing === 'shown'))],
    ['GET', '/products/[^/]+/questions', () => page(posts.filter((p) => p.kind === 'question'))],
    ['POST', '/products/[^/]+/questions', (_, body) => ({ ...posts[3], words: body.words })],
    ['GET', '/orders/([^/]+)/reviews', ([o]) => ({ items: [posts[2], null].map((review, n) => { const l = find(orders, o).lines[0]; return { line: n + 1, product: l.product, title: l.title, option_values: l.option_values, picture: null, may_review: review === null, review } }) })],
    ['POST', '/orders/[^/]+/reviews', () => posts[2]],
    ['GET', '/posts', () => page(posts.filter((p) => p.is_mine))],
    ['GET', '/posts/([^/]+)', ([p]) => find(posts, p)],
    ['GET', '/posts/[^/]+/answers', () => page(posts.filter((p) => p.kind === 'answer'))],
    ['POST', '/posts/([^/]+)/helpful', ([p]) => ({ helpful: find(posts, p).helpful + 1 })],
    ['POST', '/posts/[^/]+/reports', () => ({ is_reported: true })],
    ['POST', '/posts/([^/]+)/(?:answers|accept|reply|follow-up|decide)', ([p]) => find(posts, p)],
    ['GET', '/merchants/[^/]+/posts', (_, __, url) => page(posts.filter((p) => p.kind === (url.searchParams.get('kind') ?? 'review')))],
    ['GET', '/moderation', () => page([{ post: { ...posts[1], standing: 'reported', may: ['decide'] }, reports: 3, reasons: [{ reason: 'spam', words: '像广告' }, { reason: 'other', words: '' }] }, { post: { ...posts[4], standing: 'held', may: ['decide'] }, reports: 0, reasons: [] }])],
    ['GET', '/products/[^/]+/article', () => article],
    ['POST', '/products/[^/]+/article', () => article],
    ['GET', '/products/[^/]+/article/revisions', () => page(revisions)],
    ['GET', '/products/[^/]+/article/revisions/([^/]+)', ([n]) => ({ revision: { ...article.current, about: revisions.find((r) => r.number === Number(n)) }, current: 3, compared: Number(n) - 1, changes, may_restore: true })],
    ['POST', '/products/[^/]+/article/revisions/[^/]+/restore', () => article],
    ['POST', '/products/[^/]+/article/proposals', () => ({ about: proposals[0], words: '', sources: [], base: 3, is_stale: false, changes })],
    ['GET', '/article-proposals', () => page(proposals)],
    ['GET', '/article-proposals/[^/]+', () => ({ about: proposals[0], words: article.current.words, sources: ['https://example.org/orange'], base: 3, is_stale: false, changes })],
    ['POST', '/article-proposals/[^/]+/(?:accept|decline)', () => ({ about: proposals[2], words: '', sources: [], base: 3, is_stale: false, changes })],
    ['GET', '/merchants/[^/]+/article-proposals', () => page([proposals[0]])],
    ['GET', '/lists', () => page([{ id: list.id, title: list.title, is_open: true, is_mine: true, members: 2, items: 3, created_at: at(-9000) }, { id: id('lst', 2), title: '中秋礼盒', is_open: false, is_mine: false, members: 4, items: 7, created_at: at(-90000) }])],
    ['POST', '/lists', () => list],
    ['GET', '/lists/[^/]+', () => list],
    ['POST', '/lists/[^/]+/(?:items|words|close)', () => list],
    ['POST', '/lists/[^/]+/items/[^/]+/(?:vote|remove)', () => list],
    ['POST', '/lists/[^/]+/members/[^/]+/remove', () => ({ is_in: false })],
    ['POST', '/list-invitations/[^/]+/join', () => list],
    ['GET', '/held-words', () => ({ words: ['加微信', '刷单'], version: 1 })],
    ['PUT', '/held-words', (_, body) => ({ words: body.words, version: 2 })],
    ['GET', '/disputes', () => page(cases.filter((c) => c.state === 'disputed'))],
    ['POST', '/entries', () => entry(0)],
    ['GET', '/entries/[^/]+', () => ({ code: 'K7Q2M0', target: { kind: 'product', id: products[0].id }, title: products[0].title, picture: products[0].pictures[0], price: products[0].skus[0].price, team_price: null, sharer_name: '周*' })],
    ['POST', '/touches', () => ({ recorded: true })],
    ['GET', '/merchants/([^/]+)', ([m]) => find(merchants, m)],
    ['GET', '/merchants/[^/]+/products', (_, __, url) => page(products.filter((p) => !url.searchParams.get('state') || p.state === url.searchParams.get('state')))],
    ['GET', '/merchants/[^/]+/stock', () => page(products.flatMap((p) => p.skus.map((s) => ({ sku: s.id, code: s.code, product: p.id, title: p.title, option_values: s.option_values, location: '主仓', on_hand: s.available + 2, reserved: 2, sold: 18, available: s.available }))))],
    ['GET', '/member-prices', (_, __, url) => ({ items: products.filter((p) => url.searchParams.get('products').includes(p.id)).slice(0, 2).map((p) => ({ product: p.id, sku: p.skus[0].id, tier: 'gold', base_unit: p.skus[0].price, unit: yuan(Math.floor(p.skus[0].price.amount_minor * 0.9)) })) })],
    ['GET', '/merchants/[^/]+/membership', () => ({ factor: 1, days: 365, version: 3, tiers })],
    ['PUT', '/merchants/[^/]+/membership', (_, body) => ({ ...body, version: body.version + 1 })],
    ['GET', '/merchants/[^/]+/membership/cards', () => cards],
    ['PUT', '/merchants/[^/]+/membership/cards/[^/]+', () => cards],
    ['GET', '/flash-sales', () => ({ items: flashSales })],
    ['GET', '/products/([^/]+)/flash-sale', ([p]) => ({ sale: flashSales.find((one) => one.product === p) ?? null })],
    ['GET', '/merchants/[^/]+/flash-sales', () => page(flashSales)],
    ['POST', '/merchants/[^/]+/flash-sales', () => flashSales[0]],
    ['POST', '/flash-sales/[^/]+/(pause|resume|end)', () => flashSales[0]],
    ['GET', '/merchants/[^/]+/invoice-terms', () => ({ is_on: true, rate_bp: 1300, rates: [{ category: products[0].category, rate_bp: 900 }], version: 1 })],
    ['PUT', '/merchants/[^/]+/invoice-terms', (_, body) => ({ ...body, version: body.version + 1 })],
    ['GET', '/merchants/[^/]+/invoices', (_, __, url) => page(invoices.filter((one) => one.state === (url.searchParams.get('state') ?? 'asked')))],
    ['POST', '/invoices/[^/]+/(issue|refuse|withdraw)', () => invoices[0]],
    ['GET', '/merchants/[^/]+/red-letters', (_, __, url) => page(letters.filter((one) => one.state === (url.searchParams.get('state') ?? 'asked')))],
    ['POST', '/red-letters/[^/]+/issue', () => letters[1]],
    ['GET', '/orders/([^/]+)/invoice', ([o]) => ({ can_ask: o !== orders[3].id, invoice: o === orders[3].id ? invoices[1] : o === orders[4].id ? { ...invoices[0], state: 'refused', reason: '抬头和代码不一致，请核对', lines: [] } : null, last_title: { kind: 'company', name: '杭州青禾农业有限公司', tax_code: '91330106MA0QN8HX2R' } })],
    ['POST', '/orders/[^/]+/invoice', () => invoices[0]],
    ['GET', '/me/membership-cards', () => myCards],
    ['GET', '/merchants/[^/]+/membership/cards/quit', () => ({ cards: 2, unused: yuan(14100), saved: yuan(2360), back: yuan(11740) })],
    ['POST', '/merchants/[^/]+/membership/cards/quit', () => { myCards.items = []; return { cards: 2, unused: yuan(14100), saved: yuan(2360), back: yuan(11740) } }],
    ['GET', '/points', () => page(merchants.map((m, n) => ({ merchant: m.id, merchant_name: m.name, balance: [1280, 60][n] ?? 5 })))],
    ['GET', '/merchants/[^/]+/points', () => pointsProgram],
    ['PUT', '/merchants/[^/]+/points', (_, body) => ({ ...body, version: body.version + 1 })],
    ['GET', '/merchants/[^/]+/points/me', () => myPoints],
    ['POST', '/merchants/[^/]+/points/check-ins', () => ({ points: 5, streak: 4, balance: 1285 })],
    ['GET', '/merchants/[^/]+/points/report', () => pointsReport],
    ['GET', '/merchants/[^/]+/membership/me', () => ({ growth: 320, tier: tiers[0], next: tiers[1], missing: 680, days: 365, log: [{ order: orders[4].id, amount: 128, at: at(-86400), is_back: false }, { order: orders[3].id, amount: -32, at: at(-172800), is_back: true }] })],
    ['GET', '/merchants/[^/]+/pricing', () => ({ full_reductions: [{ threshold_minor: 9900, off_minor: 1000 }], freight: { base_minor: 600, free_from_minor: 5900 } })],
    ['GET', '/merchants/[^/]+/orders', (_, __, url) => page(orders.filter((o) => !url.searchParams.get('state') || o.state === url.searchParams.get('state')))],
    ['GET', '/merchants/[^/]+/activities', () => page(activities.map((a, i) => ({ ...a, state: ['live', 'draft', 'ended'][i % 3] })))],
    ['GET', '/merchants/[^/]+/entries', () => page([0, 1, 2].map((n) => ({ ...entry(n), sharer_name: '周*' })))],
    ['GET', '/merchants/[^/]+/funnel', () => ({ items: [{ entry_kind: 'link', visits: 420, visitors: 301, sign_ups: 44, orders: 38, paid: yuan(128000) }, { entry_kind: 'poster', visits: 90, visitors: 77, sign_ups: 12, orders: 6, paid: yuan(21000) }] })],
    ['GET', '/merchants/[^/]+/commission-rules', () => ({ level1_bp: 500, level2_bp: 150, window_hours: 72, model: 'last_touch', return_window_days: 7 })],
    ['GET', '/merchants/[^/]+/commissions', () => page(['frozen', 'released', 'clawed_back', 'held'].map((s, n) => ({ ...commission(n, s), beneficiary_name: '周远', held_for: s === 'held' ? 'burst' : null })))],
    ['GET', '/merchants/[^/]+/balance', () => ({ payable: yuan(83210), escrow: yuan(45900), account: id('acc', 2) })],
    ['GET', '/merchants/[^/]+/balance/entries', () => page([1, 2, 3, 4, 5, 6].map(ledger))],
    ['GET', '/merchants/[^/]+/staff', () => page([{ person: me.id, name: me.name, phone_masked: me.phone_masked, role: 'owner', rights: [], is_invited: false }, { person: id('per', 4), name: '何川', phone_masked: '139****0004', role: 'staff', rights: ['orders', 'stock'], is_invited: true }])],
    ['GET', '(?:/merchants/[^/]+)?/audit-log', (_, __, url) => page([1, 2, 3].map((n) => ({ id: id('aud', n), at: at(-n * 5000), actor: me.id, actor_name: me.name, merchant: null, action: ['person.ban', 'product.publish', 'staff.add'][n % 3], target: [people[2].id, products[n].id, people[1].id][n % 3], detail: ['多次恶意退款', products[n].title, 'orders, stock'][n % 3] })).filter((act) => act.target === (url.searchParams.get('target') ?? act.target)))],
    ['GET', '/merchants/[^/]+/dashboard', () => ({ orders: 128, paid: yuan(486210), refunded: yuan(12980), buyers: 96, repeat_buyers: 31, teams_open: 4, to_ship: 7, cases_waiting: 3, low_stock: 2, commissions_frozen: yuan(9120), by_day: Array.from({ length: 14 }, (_, n) => ({ day: `2026-11-${String(n + 9).padStart(2, '0')}`, orders: 4 + ((n * 7) % 11), paid: yuan(18000 + ((n * 7919) % 31000)) })), top_products: products.slice(0, 4).map((p, n) => ({ product: p.id, title: p.title, qty: 60 - n * 9, paid: yuan(180000 - n * 30000) })) })],
    ['GET', '/people', (_, __, url) => page(people.filter((p) => !url.searchParams.get('find') || p.id === url.searchParams.get('find') || p.phone_masked?.startsWith(url.searchParams.get('find').slice(0, 3))))],
    ['GET', '/people/([^/]+)', ([p]) => { const found = find(people, p); return found && { person: found, merchants: found.id === me.id ? me.merchants : [] } }],
    ['POST', '/people/([^/]+)/(ban|unban)', ([p, act]) => { const found = find(people, p); if (found) found.state = act === 'ban' ? 'banned' : 'member'; return null }],
    ['GET', '/names', (_, __, url) => ({ items: [...people, ...merchants].filter((item) => url.searchParams.get('ids').split(',').includes(item.id)).map(({ id: known, name }) => ({ id: known, name })) })],
    ['GET', '/merchants', () => page(merchants)],
    ['GET', '/ledger/accounts', () => page(['wallet', 'payable', 'escrow', 'bank'].map((kind, n) => account(id('acc', n), kind, n * 10000 - 500)))],
    ['GET', '/ledger/accounts/([^/]+)', ([a]) => account(a, 'wallet', 12850)],
    ['GET', '/ledger/accounts/[^/]+/entries', () => page([1, 2, 3, 4].map(ledger))],
    ['GET', '/ledger/transfers/([^/]+)', ([t]) => ({ transfer: t, kind: 'capture', state: 'posted', asset: 'CNY', amount: 6400, cause: orders[0].id, order: orders[0].id, pending: null, expires_at: null, created_at: at(-100), entries: [{ account: id('acc', 3), side: 'D', amount: yuan(6400) }, { account: id('acc', 2), side: 'C', amount: yuan(6400) }], accounts: [{ account: id('acc', 3), owner: 'provider:sandbox', kind: 'clearing' }, { account: id('acc', 2), owner: id('mer', 1), kind: 'escrow' }] })],
    ['POST', '/ledger/audit', () => ({ ok: false, checks: [{ id: 'A1', title: 'Debits equal credits in each transfer', ok: true, failures: [] }, { id: 'A2', title: 'Balances equal their entries', ok: false, failures: ['acc_…02: 83210 against 83211'] }] })],
  ].map(([method, pattern, answer]) => ({ method, pattern: new RegExp(`^/api/v1${pattern}$`), answer }))
}

function artwork(path) {
  let n = 0
  for (const char of path) n = (n * 31 + char.charCodeAt(0)) % 360
  return `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="800"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${n} 60% 85%)"/><stop offset="1" stop-color="hsl(${(n + 50) % 360} 60% 70%)"/></linearGradient></defs><rect width="800" height="800" fill="url(#g)"/><circle cx="400" cy="420" r="210" fill="hsl(${n} 70% 55%)"/><circle cx="330" cy="350" r="46" fill="#fff" opacity=".5"/></svg>`
}

function file(path) {
  const isConsole = path === '/console' || path.startsWith('/console/')
  const dist = join(web, 'apps', isConsole ? 'console' : 'shop', 'dist')
  const wanted = join(dist, isConsole ? path.slice('/console'.length) : path)
  try {
    if (wanted.startsWith(dist) && statSync(wanted).isFile()) return wanted
  } catch {
    // Not a file: the app's own address.
  }
  return join(dist, 'index.html')
}

export function startMock({ port = 0, signedIn = true } = {}) {
  const state = { signedIn, payment: null, cart: new Map([[products[0].skus[2].id, 2], [products[2].skus[0].id, 1], [products[5].skus[0].id, 1]]) }
  const api = makeApi(state)
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname.startsWith('/media/')) {
      response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(artwork(url.pathname))
      return
    }
    if (!url.pathname.startsWith('/api/')) {
      const path = file(url.pathname)
      response.writeHead(200, { 'content-type': KINDS[extname(path)] ?? 'application/octet-stream' }).end(readFileSync(path))
      return
    }
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const body = request.headers['content-type']?.includes('json') && text ? JSON.parse(text) : text
    for (const { method, pattern, answer } of api) {
      const match = method === request.method ? pattern.exec(url.pathname) : null
      if (!match) continue
      const result = answer(match.slice(1), body, url) ?? (method === 'GET' ? refused(404, 'not_found') : null)
      const failed = typeof result?.status === 'number' && 'body' in result
      response.writeHead(failed ? result.status : result === null ? 204 : 200, { 'content-type': failed ? 'application/problem+json' : 'application/json' })
      response.end(result === null ? undefined : JSON.stringify(failed ? result.body : result))
      return
    }
    const missing = refused(404, 'not_found')
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(missing.body))
  })
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) }))
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock({ port: Number(process.env.PORT ?? 8080) })
  console.log(url)
}
