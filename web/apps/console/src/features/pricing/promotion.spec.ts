import { describe, expect, it } from 'vitest'
import { basisPoints, promotionOf, type PromotionForm } from './promotion'

const form = (more: Partial<PromotionForm> = {}): PromotionForm => ({
  title: ' 周末 ', kind: 'amount_off', off: '5', every: '', times: 1, percent: '', cap: '', unit: '', nth: 2, buy: 2, get: 1, worth: '', units: 0, new_buyers_only: false,
  products: [], starts: '2026-11-23T00:00', ends: '2026-12-01T00:00', budget: '', uses: '', each: '1', ...more,
})

describe('a promotion as it is typed', () => {
  it('becomes what is sent', () => {
    expect(promotionOf(form())).toMatchObject({ title: '周末', action: { kind: 'amount_off', off_minor: 500 }, per_person: 1, budget_minor: undefined })
    expect(promotionOf(form({ kind: 'nth_off', percent: '50' }))?.action).toEqual({ kind: 'nth_off', nth: 2, off_bp: 5000 })
    expect(promotionOf(form({ kind: 'percent_off', percent: '12.5', cap: '20' }))?.action).toEqual({ kind: 'percent_off', off_bp: 1250, cap_minor: 2000 })
  })
  it('is nothing while it cannot be meant', () => {
    expect(promotionOf(form({ off: '0' }))).toBeNull()
    expect(promotionOf(form({ title: ' ' }))).toBeNull()
    expect(promotionOf(form({ ends: '2026-11-22T00:00' }))).toBeNull()
    expect(promotionOf(form({ kind: 'every_off', off: '5', every: '4' }))).toBeNull()
    expect(promotionOf(form({ uses: '-1' }))).toBeNull()
    expect(promotionOf(form({ budget: 'x' }))).toBeNull()
  })
  it('takes shares with two places', () => {
    expect([basisPoints('100'), basisPoints('0.01'), basisPoints('100.01'), basisPoints('0'), basisPoints('a')]).toEqual([10_000, 1, null, null, null])
  })
})
