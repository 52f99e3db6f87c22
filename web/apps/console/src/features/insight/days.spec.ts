import { expect, it } from 'vitest'
import { everyDay } from './days'

const yuan = (amount_minor: number) => ({ amount_minor, currency: 'CNY' })
const day = (at: string, orders: number, paid: number) => ({ day: at, orders, paid: yuan(paid), refunded: yuan(0) })

it('leaves no day out, over the end of a month too', () => {
  const days = everyDay([day('2026-10-30', 2, 500), day('2026-11-02', 1, 300)])
  expect(days.map((item) => [item.day, item.orders, item.paid.amount_minor])).toEqual([
    ['2026-10-30', 2, 500], ['2026-10-31', 0, 0], ['2026-11-01', 0, 0], ['2026-11-02', 1, 300],
  ])
  expect(everyDay([])).toEqual([])
})
