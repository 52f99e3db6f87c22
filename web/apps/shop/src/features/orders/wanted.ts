import type { LocationQuery } from 'vue-router'

export type Wanted =
  | { kind: 'cart'; skus: string[] }
  | {
      kind: 'now'
      sku: string
      product: string
      qty: number
      activity: string | null
      team: string | null
    }

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)

/** What the checkout's address asks for: lines of the cart, or one variant bought now, perhaps with a team. */
export function wanted(query: LocationQuery): Wanted {
  const sku = text(query.sku)
  const product = text(query.product)
  if (!sku || !product) return { kind: 'cart', skus: text(query.skus)?.split(',') ?? [] }
  const qty = Number(text(query.qty) ?? '1')
  return {
    kind: 'now',
    sku,
    product,
    qty: Number.isInteger(qty) && qty > 0 ? qty : 1,
    activity: text(query.activity),
    team: text(query.team),
  }
}
