import type { Order } from '@tuan/api'

/**
 * What has gone back of an order: nothing; everything; all goods while the freight is kept; the difference that a
 * ladder gives back; or some part.
 */
export type Returned = 'none' | 'all' | 'goods' | 'difference' | 'part'

export function returned(order: Order): Returned {
  if (order.refunded.amount_minor === 0) return 'none'
  if (order.refunded.amount_minor >= order.captured.amount_minor) return 'all'
  if (order.lines.every((line) => line.refunded.amount_minor >= line.total.amount_minor)) return 'goods'
  const isByHand = order.timeline.some((event) => event.what === 'partly_refunded')
  return isByHand ? 'part' : 'difference'
}

/** Key of the word that names an order: what a buyer or a shop wants to know of it first. */
export function orderStateKey(order: Order): string {
  if (order.state === 'cancelled' || order.state === 'refunded') return `order_state.${order.state}`
  if (returned(order) === 'goods') return 'returned.goods'
  return order.fulfilment_state === 'waiting_team' ? 'fulfilment_state.waiting_team' : `order_state.${order.state}`
}

/** Key of the word that stands beside it when a part went back; null when there is nothing to add. */
export function returnedKey(order: Order): string | null {
  const what = returned(order)
  return what === 'part' || what === 'difference' ? `returned.${what}` : null
}
