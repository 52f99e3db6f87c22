// A small world for looking at the pages. It follows the contract's shapes, not the server's rules.
export const yuan = (amount_minor) => ({ amount_minor, currency: 'CNY' })
export const at = (seconds) => new Date(Date.now() + seconds * 1000).toISOString()

const hex = (n) => n.toString(16).padStart(32, '0')
export const id = (prefix, n) => `${prefix}_${hex(n)}`

export const merchants = [
  { id: id('mer', 1), name: '山野鲜果', about: '产地直发的时令水果，坏果包赔。', created_at: at(-9e6) },
  { id: id('mer', 2), name: '巷口粮油', about: '米面粮油与干货。', created_at: at(-8e6) },
]
export const categories = [
  ['水果', 'Fruit'], ['蔬菜', 'Vegetables'], ['粮油', 'Grain & oil'], ['肉蛋', 'Meat & eggs'], ['零食', 'Snacks'],
  ['饮品', 'Drinks'], ['厨具', 'Kitchen'], ['家居', 'Home'], ['母婴', 'Baby'], ['花卉', 'Flowers'],
].map(([name, name_en], i) => ({ id: id('cat', i + 1), slug: `c${i}`, name, name_en, parent: null }))
categories.push({ id: id('cat', 20), slug: 'citrus', name: '柑橘', name_en: 'Citrus', parent: categories[0].id })
categories.push({ id: id('cat', 21), slug: 'berry', name: '浆果', name_en: 'Berries', parent: categories[0].id })

const pictures = (n, count) =>
  Array.from({ length: count }, (_, i) => ({ id: id('pic', n * 10 + i), url: `/media/pic_${hex(n * 10 + i)}.jpg`, width: 800, height: 800 }))
const titles = [
  ['赣南脐橙 5 斤装 现摘现发 皮薄多汁', 3980, 2980, 1], ['丹东草莓 2 盒 奶油香甜', 6900, 4900, 1], ['五常大米 10 斤 当季新米', 6980, 5580, 2],
  ['土鸡蛋 30 枚 散养谷物喂养', 4200, null, 2], ['高山小番茄 3 斤', 2590, 1990, 1], ['手工红薯粉条 4 袋', 3600, null, 2], ['麒麟西瓜 1 个 约 8 斤', 3280, null, 1], ['冷榨花生油 1.8 升', 8800, 7600, 2],
]
export const products = titles.map(([title, price, , shop], i) => {
  const two = i < 2
  return {
    id: id('prd', i + 1), merchant: merchants[shop - 1].id, merchant_name: merchants[shop - 1].name, title, category: categories[i % 4].id,
    description: '产地直发，48 小时内发货。\n收到后如有坏果，请在 24 小时内拍照联系商家。', state: i === 6 ? 'draft' : 'published', pictures: pictures(i + 1, two ? 3 : 1),
    options: two ? [{ name: '规格', values: ['小果', '大果', '特大果'] }, { name: '包装', values: ['简装', '礼盒'] }] : [],
    skus: two
      ? ['小果', '大果', '特大果'].flatMap((a, x) => ['简装', '礼盒'].map((b, y) => ({
          id: id('sku', (i + 1) * 100 + x * 2 + y), code: `P${i}-${x}${y}`, option_values: [a, b], price: yuan(price + x * 1000 + y * 800), compare_price: null, available: x === 2 && y === 1 ? 0 : 40 - x * 16,
        })))
      : [{ id: id('sku', (i + 1) * 100), code: `P${i}`, option_values: [], price: yuan(price), compare_price: i === 3 ? yuan(5200) : null, available: i === 5 ? 0 : 25 }],
    attributes: [{ name: '产地', value: '江西赣州' }, { name: '保质期', value: '15 天' }], no_reason_return: i > 1, is_virtual: false, updated_at: at(-86400 * i), version: 1,
  }
})
export const activities = titles.flatMap(([title, , team], i) => team === null ? [] : [{
  id: id('act', i + 1), merchant: products[i].merchant, product: products[i].id, title, state: 'live',
  skus: products[i].skus.map((sku) => ({ sku: sku.id, team_price: yuan(sku.price.amount_minor - (titles[i][1] - team)), leader_price: i === 0 ? yuan(sku.price.amount_minor - (titles[i][1] - team) - 200) : null,
    tiers: i === 0 ? [{ people: 2, price: yuan(sku.price.amount_minor - (titles[i][1] - team)) }, { people: 3, price: yuan(sku.price.amount_minor - (titles[i][1] - team) - 500) }] : [],
  })),
  size: i === 0 ? 3 : 2, window_minutes: 1440, starts_at: at(-86400), ends_at: at(86400 * 5), quota: 100, quota_left: 62, per_person_limit: 3, new_buyers_only: false,
}])
const member = (name, is_leader, is_me = false) => ({ name, is_leader, is_me, joined_at: at(-600) })
function team(n, members, state = 'open', extra = {}) {
  const activity = activities[0]
  return {
    id: id('tem', n), activity: activity.id, product: activity.product, sku: activity.skus[0].sku, size: 3, needed: 2, paid: members.length, seats_left: 3 - members.length, state,
    deadline: at(7200 + n * 60), members, merged_into: null, price: activity.skus[0].team_price, solo_price: products[0].skus[0].price, is_member: members.some((m) => m.is_me), is_leader: members[0].is_me, server_now: at(0),
    price_now: activity.skus[0].team_price, tiers: activity.skus[0].tiers, is_near: n === 1, merge_offers_sent: [], merge_offers_received: n === 3 ? [id('tem', 2)] : [], ...extra,
  }
}
export const teams = [
  team(1, [member('王*', true), member('陈*', false)]), team(2, [member('李*', true)]), team(3, [member('林小满', true, true), member('周*', false)]),
  team(4, [member('王*', true), member('林小满', false, true), member('陈*', false)], 'succeeded', { seats_left: 0 }),
  team(5, [member('林小满', true, true)], 'failed', { deadline: at(-60) }), team(6, [member('赵*', true)], 'merged', { merged_into: id('tem', 4) }),
]
export const me = {
  id: id('per', 1), name: '林小满', has_password: true, phone_masked: '138****0001', is_guest: false, locale: 'zh-CN', is_operator: true,
  merchants: [{ id: merchants[0].id, name: merchants[0].name, role: 'owner', rights: [] }, { id: merchants[1].id, name: merchants[1].name, role: 'staff', rights: ['orders', 'stock'] }],
  invitations: [],
}
export const people = [
  { id: me.id, name: me.name, phone_masked: me.phone_masked, state: 'member', is_operator: true, created_at: at(-9e6) },
  { id: id('per', 2), name: '周远', phone_masked: '138****0002', state: 'member', is_operator: false, created_at: at(-8e6) },
  { id: id('per', 3), name: '李木', phone_masked: '139****0003', state: 'banned', is_operator: false, created_at: at(-7e6) },
]
export const addresses = [{ id: id('adr', 1), name: '林小满', phone: '13800000001', region: '浙江省杭州市西湖区', street: '文三路 100 号 2 幢 501', is_default: true }]

const explain = (lane, code, amount_minor, params = {}) => ({ lane, source: code, code, amount: yuan(amount_minor), params })
export function quote(items, deal, hasCoupon = false, points = 0) {
  const lines = items.map(({ sku: skuId, qty }) => {
    const sku = products.flatMap((p) => p.skus).find((s) => s.id === skuId) ?? products[0].skus[0]
    const price = deal ? (activities.find((a) => a.id === deal.activity)?.skus.find((s) => s.sku === skuId)?.team_price ?? sku.price) : sku.price
    return { sku: skuId, qty, unit: price, base_unit: sku.price, discount: yuan(0), total: yuan(price.amount_minor * qty), adjustments: [] }
  })
  const goods = lines.reduce((sum, l) => sum + l.total.amount_minor, 0)
  const base = lines.reduce((sum, l) => sum + l.base_unit.amount_minor * l.qty, 0)
  const reduced = !deal && goods >= 9900 ? 1000 : 0
  const off = reduced + (hasCoupon ? 600 : 0) + points
  const freight = goods >= 5900 ? 0 : 600
  return {
    points: points ? { points, off: yuan(points) } : null,
    currency: 'CNY', lines, goods: yuan(goods), discount: yuan(off), shipping: yuan(freight), total: yuan(goods - off + freight),
    explanations: [
      explain('base', 'base', base),
      ...(base === goods ? [] : [explain('activity', 'activity', goods - base)]),
      ...(reduced ? [explain('promotion', 'full_reduction', -reduced, { threshold_minor: '9900', off_minor: '1000' })] : []),
      ...(hasCoupon ? [explain('coupon', 'coupon', -600, { off_minor: '600', title: '满减券' })] : []),
      ...(points ? [explain('points', 'points', -points, { points: String(points) })] : []),
      explain('freight', 'freight', 600),
      ...(freight ? [] : [explain('freight', 'freight_free', -600, { free_from_minor: '5900' })]),
    ],
  }
}
export function order(n, state, extra = {}) {
  const product = products[n % products.length]
  const sku = product.skus[0]
  const q = quote([{ sku: sku.id, qty: 2 }])
  const done = !['unpaid', 'cancelled'].includes(state)
  return {
    id: id('ord', n), number: `20261122${String(n).padStart(6, '0')}`, merchant: product.merchant, merchant_name: product.merchant_name, buyer: me.id, state, payment_state: state === 'refunded' ? 'refunded' : done ? 'paid' : 'unpaid',
    fulfilment_state: { paid: 'waiting_team', confirmed: 'to_ship', shipped: 'shipped', completed: 'received' }[state] ?? 'none', after_sale_state: 'none',
    lines: [{ line: 1, sku: sku.id, is_virtual: false, product: product.id, title: product.title, option_values: sku.option_values, picture: product.pictures[0], qty: 2, unit: sku.price, discount: yuan(0), total: yuan(sku.price.amount_minor * 2), refunded: yuan(0), no_reason_return: product.no_reason_return }],
    goods: q.goods, discount: q.discount, shipping: q.shipping, total: q.total, captured: done ? q.total : yuan(0), refunded: state === 'refunded' ? q.total : yuan(0),
    address: addresses[0], note: '请放驿站', team: state === 'paid' ? id('tem', 3) : null, placed_at: at(-7200), paid_at: done ? at(-7000) : null, shipped_at: null, received_at: null, completed_at: null,
    pay_by: state === 'unpaid' ? at(900) : null, shipment: state === 'shipped' ? { carrier: '顺丰', tracking: 'SF1234567890' } : null, explanations: q.explanations,
    timeline: [{ at: at(-7200), what: 'placed', actor: 'buyer' }, ...(done ? [{ at: at(-7000), what: 'paid', actor: 'buyer' }] : []), ...(state === 'refunded' ? [{ at: at(-600), what: 'refunded', actor: 'shop' }] : [])],
    shipping_refunded: yuan(0), replaces: null, server_now: at(0), ...extra,
  }
}
/** What is near of the offers that `quote` knows. */
export const next = (q) => [
  ...(q.goods.amount_minor < 9900 ? [{ code: 'full_reduction', missing: yuan(9900 - q.goods.amount_minor), saves: yuan(1000), params: { threshold_minor: '9900', off_minor: '1000' } }] : []),
  ...(q.goods.amount_minor < 5900 ? [{ code: 'freight_free', missing: yuan(5900 - q.goods.amount_minor), saves: yuan(600), params: { free_from_minor: '5900' } }] : []),
]
export const orders = ['unpaid', 'paid', 'confirmed', 'shipped', 'completed', 'refunded', 'cancelled'].map((state, i) => order(i + 1, state))
// All goods went back, the freight was kept; and the difference of a ladder.
const kept = order(8, 'completed')
orders.push({ ...kept, payment_state: 'partly_refunded', captured: yuan(kept.goods.amount_minor + 600), total: yuan(kept.goods.amount_minor + 600), refunded: kept.goods, lines: kept.lines.map((line) => ({ ...line, refunded: line.total })), timeline: [...kept.timeline, { at: at(-60), what: 'partly_refunded', actor: 'shop' }] })
const cheaper = order(9, 'confirmed')
orders.push({ ...cheaper, payment_state: 'partly_refunded', refunded: yuan(300), lines: cheaper.lines.map((line) => ({ ...line, refunded: yuan(300) })), timeline: [...cheaper.timeline, { at: at(-60), what: 'ladder_refunded', actor: 'system' }] })

/** After-sale cases in several states, of the completed order. */
export function afterSale(n, kind, state, may, extra = {}) {
  const of = orders[4]
  const line = of.lines[0]
  return {
    id: id('cas', n), order: of.id, order_number: of.number, merchant: of.merchant, merchant_name: of.merchant_name, buyer: me.id, buyer_name: me.name, kind, reason: kind === 'return' ? 'no_reason' : 'faulty', state,
    items: [{ line: 1, title: line.title, option_values: line.option_values, picture: line.picture, units: kind === 'refund' ? 0 : 2, amount: line.total, to_sku: null, to_option_values: kind === 'exchange' ? ['大果'] : [] }],
    amount: line.total, shipping: yuan(0), refunded: state === 'done' ? line.total : yuan(0), carrier: state === 'goods_sent' ? '中通' : null, tracking: state === 'goods_sent' ? 'ZT0001' : null,
    return_address: state === 'awaiting_goods' ? { name: '仓库', phone: '13800000000', region: '浙江省杭州市余杭区', street: '良渚街道 88 号' } : null, replacement: null, due_at: state === 'done' || state === 'disputed' ? null : at(86400), opened_at: at(-3600),
    turns: [{ at: at(-3600), side: 'buyer', what: 'opened', words: '打开发现坏了两个' }, ...(state === 'disputed' ? [{ at: at(-1800), side: 'shop', what: 'declined', words: '照片看不出问题' }, { at: at(-600), side: 'buyer', what: 'disputed', words: '请平台看看' }] : [])], may, server_now: at(0), ...extra,
  }
}
export const cases = [
  afterSale(1, 'return', 'awaiting_goods', ['send', 'withdraw', 'say']), afterSale(2, 'refund', 'requested', ['agree', 'decline', 'say']), afterSale(3, 'exchange', 'goods_sent', ['replace', 'accept', 'decline', 'say']),
  afterSale(4, 'refund', 'disputed', ['decide', 'say']), afterSale(5, 'refund', 'done', []), afterSale(6, 'refund', 'declined', ['dispute', 'withdraw', 'say']),
]

/** A review, a question or an answer about the first product. */
export function post(n, kind, words, extra = {}) {
  return {
    id: id('pst', n), kind, product: products[0].id, product_title: products[0].title, merchant: products[0].merchant, question: kind === 'answer' ? id('pst', 4) : null, words, author: '周*', side: 'other', is_mine: false,
    stars: kind === 'review' ? 5 - (n % 3) : null, tags: kind === 'review' ? ['新鲜', '包装好'] : [], bought: kind === 'review' ? ['大果'] : [], is_refunded: false, follow_up: null, reply: null, answers: kind === 'question' ? 2 : 0, accepted: null, accepted_words: null,
    helpful: n, has_voted: false, standing: 'shown', note: null, created_at: at(-n * 4000), may: ['vote', 'report'], ...extra,
  }
}
export const posts = [
  post(1, 'review', '个头匀，切开汁多，老人也爱吃。', { side: 'buyer', reply: { words: '谢谢，下次给您挑更甜的。', at: at(-600) }, may: ['vote', 'report', 'reply'] }),
  post(2, 'review', '快递慢了一天，果子没问题。', { side: 'buyer', author: null, is_refunded: true, follow_up: { words: '放了十天还是脆的。', at: at(-300) }, may: ['vote', 'report', 'reply'] }),
  post(3, 'review', '我自己写的评价', { is_mine: true, side: 'buyer', standing: 'hidden', note: '与商品无关', may: ['follow_up'] }),
  post(4, 'question', '能放多久？', { accepted: id('pst', 6), accepted_words: '冷藏一个月', may: ['vote', 'report', 'answer'] }),
  post(5, 'question', '酸不酸？', { answers: 0, may: ['answer'] }),
  post(6, 'answer', '冷藏一个月', { side: 'shop', author: '山野果园', may: ['vote', 'report'] }),
  post(7, 'answer', '我家放了两周', { side: 'buyer', may: ['vote', 'report', 'accept'] }),
]

const revision = (n, comment, more = {}) => ({ number: n, author: n === 2 ? '周*' : merchants[0].name, side: n === 2 ? 'buyer' : 'shop', comment, restored: null, hidden_for: null, was_proposed: n === 2, created_at: at(-86400 * (4 - n)), ...more })
export const revisions = [revision(3, '还原到第 1 版', { restored: 1 }), revision(2, '补充保存方法'), revision(1, '写了第一版')]
const articleWords = '# 怎么挑\n看**果脐**的大小，小的更甜。\n\n- 大果适合榨汁\n- 中果适合直接吃\n## 怎么放\n阴凉处放两周，冷藏一个月。'
export const article = { product: products[0].id, product_title: products[0].title, merchant: products[0].merchant, revision: 3, current: { about: revisions[0], words: articleWords, sources: ['https://example.org/orange'] }, waiting: null, may: ['propose'] }
export const changes = [{ change: 'same', words: '# 怎么挑' }, { change: 'gone', words: '看果脐的大小，大的更甜。' }, { change: 'new', words: '看**果脐**的大小，小的更甜。' }]
const proposal = (n, state, note = null) => ({ id: id('prp', n), product: products[0].id, product_title: products[0].title, author: '周*', side: 'buyer', comment: ['补充保存方法', '改错字', '加上产地'][n - 1], state, note, created_at: at(-3600 * n) })
export const proposals = [proposal(1, 'waiting'), proposal(2, 'declined', '没有出处'), proposal(3, 'accepted')]
export const list = {
  id: id('lst', 1), title: '周六烧烤', code: 'k7q2mabcdefghjkmnpqrstuv', is_open: true, is_mine: true,
  members: [{ person: id('per', 1), name: '林小满', is_me: true, is_owner: true }, { person: id('per', 2), name: '周远', is_me: false, is_owner: false }],
  items: products.slice(0, 3).map((p, n) => ({ sku: p.skus[0].id, product: p.id, title: p.title, option_values: p.skus[0].option_values, picture: null, price: p.skus[0].price, is_sellable: n !== 2, note: n === 0 ? '多买点，上次不够吃' : '', added_by: n === 1 ? '周远' : '林小满', votes: 2 - n, has_voted: n === 0, may_remove: true })),
  words: [{ id: id('lsw', 2), name: '周远', is_me: false, words: '橙子我带，其他的你们定', at: at(-300) }, { id: id('lsw', 1), name: '林小满', is_me: true, words: '周六十点集合', at: at(-900) }],
}
