import type { Activity, Product } from '@tuan/api'
import { describe, expect, it } from 'vitest'
import { addStep, bodyOf, dropStep, emptyForm, formOf, needed, rowsOf, type Form } from './form'

const yuan = (amount_minor: number) => ({ amount_minor, currency: 'CNY' })
const product = { id: 'prd_1', skus: [{ id: 'sku_1', price: yuan(1000) }, { id: 'sku_2', price: yuan(2000) }] } as Product
const now = new Date('2026-11-22T00:00:00Z')

function filled(change: (form: Form) => void = () => {}): Form {
  const form: Form = { ...emptyForm(now), title: ' 五人团 ', size: 5, rows: rowsOf(product, 0) }
  Object.assign(form.rows.sku_1!, { team: '9', leader: '8.5' })
  form.rows.sku_2!.on = false
  change(form)
  return form
}
const faults = (form: Form) => {
  const made = bodyOf(form, product)
  return 'faults' in made ? made.faults : []
}

describe('the form of an activity', () => {
  it('says what the server reads', () => {
    const form = filled((typed) => {
      typed.quota = '100'
      addStep(typed)
      typed.steps[0] = 3
      addStep(typed)
      typed.rows.sku_1!.tiers = ['9', '7.8']
    })
    expect(needed(form)).toBe(3)
    expect(bodyOf(form, product)).toEqual({
      body: {
        product: 'prd_1', title: '五人团', size: 5, window_minutes: 1440, starts_at: '2026-11-22T00:00:00.000Z', ends_at: '2026-11-29T00:00:00.000Z', quota: 100, new_buyers_only: false,
        skus: [{ sku: 'sku_1', team_price_minor: 900, leader_price_minor: 850, tiers: [{ people: 3, price_minor: 900 }, { people: 4, price_minor: 780 }] }],
      },
    })
  })

  it.each<[string, (form: Form) => void]>([
    ['title', (form) => (form.title = ' ')],
    ['skus', (form) => (form.rows.sku_1!.on = false)],
    ['team_price', (form) => (form.rows.sku_1!.team = '10')],
    ['leader_price', (form) => (form.rows.sku_1!.leader = '9.01')],
    ['size', (form) => (form.size = 1)],
    ['hours', (form) => (form.hours = 169)],
    ['times', (form) => (form.ends = form.starts)],
    ['limits', (form) => (form.limit = '0')],
    ['steps', (form) => { addStep(form); form.steps[0] = 6; form.rows.sku_1!.tiers = ['8'] }],
    ['steps', (form) => { addStep(form); addStep(form); form.steps = [3, 3]; form.rows.sku_1!.tiers = ['8', '7'] }],
    ['tier_price', (form) => { addStep(form); form.rows.sku_1!.tiers = ['9.5'] }],
    ['tier_price', (form) => { addStep(form) }],
  ])('finds a fault of %s', (fault, change) => {
    expect(faults(filled(change))).toEqual([fault])
  })

  it('keeps the minutes of a window that is no tenth of an hour', () => {
    for (const minutes of [100, 61, 10_079]) {
      const made = bodyOf({ ...filled(), hours: formOf({ skus: [], window_minutes: minutes } as unknown as Activity, product).hours }, product)
      expect('body' in made && made.body.window_minutes).toBe(minutes)
    }
  })

  it('shows a stored activity as it was typed, and drops a step from all variants', () => {
    const stored = {
      title: '阶梯团', size: 5, window_minutes: 90, starts_at: '2026-11-22T00:00:00Z', ends_at: '2026-11-23T00:00:00Z', quota: null, per_person_limit: 2, new_buyers_only: true,
      skus: [{ sku: 'sku_2', team_price: yuan(1800), leader_price: null, tiers: [{ people: 2, price: yuan(1800) }, { people: 5, price: yuan(1500) }] }],
    } as unknown as Activity
    const form = formOf(stored, product)
    expect([form.hours, form.quota, form.limit, form.steps, form.rows.sku_1?.on]).toEqual([1.5, '', '2', [2, 5], false])
    expect(form.rows.sku_2).toEqual({ on: true, team: '18.00', leader: '', tiers: ['18.00', '15.00'] })
    dropStep(form, 0)
    expect([form.steps, form.rows.sku_2?.tiers]).toEqual([[5], ['15.00']])
    expect(faults(form)).toEqual([])
  })
})
