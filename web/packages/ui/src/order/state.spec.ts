import type { Order } from '@tuan/api'
import { describe, expect, it } from 'vitest'
import { orderStateKey, returned, returnedKey } from './state'

const yuan = (amount_minor: number) => ({ amount_minor, currency: 'CNY' })
const order = (refunded: number, line: number, whats: string[] = [], more: Partial<Order> = {}) =>
  ({
    state: 'completed', fulfilment_state: 'received', captured: yuan(2090), refunded: yuan(refunded),
    lines: [{ total: yuan(1590), refunded: yuan(line) }], timeline: whats.map((what) => ({ what, actor: 'system', at: '' })), ...more,
  }) as Order

describe('an order', () => {
  it.each([
    [order(0, 0), 'none', 'order_state.completed', null],
    [order(2090, 1590, ['refunded'], { state: 'refunded' }), 'all', 'order_state.refunded', null],
    [order(1590, 1590, ['partly_refunded']), 'goods', 'returned.goods', null],
    [order(500, 500, ['partly_refunded']), 'part', 'order_state.completed', 'returned.part'],
    [order(300, 300, ['ladder_refunded']), 'difference', 'order_state.completed', 'returned.difference'],
    [order(300, 300, ['ladder_refunded', 'partly_refunded']), 'part', 'order_state.completed', 'returned.part'],
    [order(0, 0, [], { state: 'paid', fulfilment_state: 'waiting_team' }), 'none', 'fulfilment_state.waiting_team', null],
  ])('%# is named by what came of it', (shown, what, state, beside) => {
    expect([returned(shown), orderStateKey(shown), returnedKey(shown)]).toEqual([what, state, beside])
  })
})
