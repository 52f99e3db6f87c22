import type { AfterSaleOptions } from '@tuan/api'
import { decimalToMinor } from '@tuan/ui'
import { describe, expect, it } from 'vitest'
import { askable, claim, reasonsFor } from './claim'

const yuan = (amount_minor: number) => ({ amount_minor, currency: 'CNY' })
const options: AfterSaleOptions = {
  kinds: ['refund', 'return', 'exchange'],
  lines: [
    { line: 1, units: 2, amount: yuan(2000), no_reason_return: true },
    { line: 2, units: 1, amount: yuan(500), no_reason_return: false },
    { line: 3, units: 0, amount: yuan(0), no_reason_return: true },
  ],
  no_reason_until: '2026-12-01T00:00:00Z',
  price_drop: null,
  cases: [],
}
const pick = (units: number, amount = '') => ({ chosen: true, units, amount })
const ask = (form: Partial<Parameters<typeof claim>[1]>) =>
  claim(options, { kind: 'return', reason: 'faulty', money: false, words: ' ', picks: {}, ...form }, decimalToMinor)

describe('what is asked for', () => {
  it('names the chosen lines and no empty words', () => {
    expect(ask({ picks: { 1: pick(2), 2: { chosen: false, units: 1, amount: '' } } })).toEqual({
      kind: 'return', reason: 'faulty', words: undefined, items: [{ line: 1, units: 2 }],
    })
  })
  it('is not more than there is, and not nothing', () => {
    expect(ask({ picks: { 1: pick(3) } })).toBeNull()
    expect(ask({ picks: { 1: pick(0) } })).toBeNull()
    expect(ask({})).toBeNull()
  })
  it('asks for money alone by its amount', () => {
    const form = { kind: 'refund' as const, money: true }
    expect(ask({ ...form, picks: { 1: pick(1, '3.50') } })?.items).toEqual([{ line: 1, units: 0, amount_minor: 350 }])
    expect(ask({ ...form, picks: { 1: pick(1, '20.01') } })).toBeNull()
    expect(ask({ ...form, picks: { 1: pick(1, 'x') } })).toBeNull()
  })
  it('exchanges one line at a time, and needs no lines for a fallen price', () => {
    expect(ask({ kind: 'exchange', picks: { 1: pick(1), 2: pick(1) } })).toBeNull()
    expect(ask({ kind: 'price_protection', reason: 'price_drop' })?.items).toEqual([])
  })
})

describe('what can be asked about', () => {
  it('leaves out what is gone and what may not come back without a reason', () => {
    expect(askable(options, 'return', 'no_reason').map((line) => line.line)).toEqual([1])
    expect(askable(options, 'return', 'faulty').map((line) => line.line)).toEqual([1, 2])
  })
  it('offers no reason only while it is one', () => {
    expect(reasonsFor('return', true, true)[0]).toBe('no_reason')
    expect(reasonsFor('return', true, false)).not.toContain('no_reason')
    expect(reasonsFor('exchange', true, true)).not.toContain('no_reason')
    expect(reasonsFor('refund', false, true)).toEqual(['no_reason', 'other'])
    expect(reasonsFor('refund', true, true)).toContain('not_arrived')
  })
})
