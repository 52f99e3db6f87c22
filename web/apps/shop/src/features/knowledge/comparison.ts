import type { Money, Product, ReviewSummary } from '@tuan/api'

export type Compared = { goods: Product; summary: ReviewSummary }
export type Cell = { text: string; money?: Money }
export type Row = { key: string; name: string; cells: Cell[]; differs: boolean }

/** The price that a product begins at. */
function cheapest(goods: Product): Cell {
  const [first, ...rest] = goods.skus.map((sku) => sku.price)
  if (!first) return { text: '' }
  const least = rest.reduce((best, price) => (price.amount_minor < best.amount_minor ? price : best), first)
  return { text: `${least.currency} ${least.amount_minor}`, money: least }
}

function row(key: string, name: string, cells: Cell[]): Row {
  return { key, name, cells, differs: new Set(cells.map((cell) => cell.text)).size > 1 }
}

/** Products side by side: what the shop always tells first, then every attribute any of them has, in the order found. */
export function comparison(all: Compared[], t: (key: string, named?: Record<string, unknown>) => string): Row[] {
  if (all.length === 0) return []
  const text = (read: (item: Compared) => string): Cell[] => all.map((item) => ({ text: read(item) }))
  const rating = ({ summary }: Compared) => (typeof summary.average_hundredths === 'number' ? (summary.average_hundredths / 100).toFixed(1) : '')
  const names = [...new Set(all.flatMap(({ goods }) => goods.attributes.map((attribute) => attribute.name)))]
  const attribute = (name: string) => text(({ goods }) => goods.attributes.find((found) => found.name === name)?.value ?? '')
  return [
    row('price', t('compare.price'), all.map(({ goods }) => cheapest(goods))),
    row('rating', t('compare.rating'), text(rating)),
    row('reviews', t('knowledge.reviews'), text(({ summary }) => String(summary.reviews))),
    row('shop', t('compare.shop'), text(({ goods }) => goods.merchant_name)),
    row('variants', t('compare.variants'), text(({ goods }) => goods.options.map((option) => `${option.name}: ${option.values.join(' / ')}`).join('; '))),
    row('stock', t('compare.stock'), text(({ goods }) => t(goods.skus.some((sku) => sku.available > 0) ? 'compare.yes' : 'catalog.sold_out'))),
    row('return', t('compare.return'), text(({ goods }) => t(goods.no_reason_return ? 'catalog.promise.return' : 'catalog.promise.no_return'))),
    ...names.map((name) => row(`attribute ${name}`, name, attribute(name))),
  ]
}
