import type { Order } from '@tuan/api'

/** A paid order that waits for its team says so; everything else is named by the order's state. */
export function stateKey(order: Order): string {
  return order.fulfilment_state === 'waiting_team' ? 'fulfilment_state.waiting_team' : `order_state.${order.state}`
}
