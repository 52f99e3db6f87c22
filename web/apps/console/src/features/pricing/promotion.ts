import type { PromotionAction, PromotionInput } from '@tuan/api'
import { decimalToMinor } from '@tuan/ui'

export const KINDS = ['amount_off', 'every_off', 'percent_off', 'unit_price', 'nth_off', 'buy_get', 'freight_off'] as const
export type Kind = (typeof KINDS)[number]

/** What the form has, as it is typed. */
export type PromotionForm = {
  title: string
  kind: Kind
  off: string
  every: string
  times: number
  percent: string
  cap: string
  unit: string
  nth: number
  buy: number
  get: number
  worth: string
  units: number
  new_buyers_only: boolean
  products: { id: string; title: string }[]
  starts: string
  ends: string
  budget: string
  uses: string
  each: string
}

/** Hundredths of a percent of a share with at most two places; `null` when it is none. */
export function basisPoints(text: string): number | null {
  const found = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (!found) return null
  const points = Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0'))
  return points >= 1 && points <= 10_000 ? points : null
}

const count = (text: string): number | null | undefined => (text.trim() === '' ? undefined : /^[1-9]\d{0,9}$/.test(text.trim()) ? Number(text.trim()) : null)
const amount = (text: string): number | null | undefined => (text.trim() === '' ? undefined : above(decimalToMinor(text)))
const above = (minor: number | null): number | null => (minor !== null && minor > 0 ? minor : null)

function actionOf(form: PromotionForm): PromotionAction | null {
  const off = above(decimalToMinor(form.off))
  const share = basisPoints(form.percent)
  switch (form.kind) {
    case 'amount_off':
    case 'freight_off':
      return off === null ? null : { kind: form.kind, off_minor: off }
    case 'every_off': {
      const every = above(decimalToMinor(form.every))
      return off === null || every === null || off > every || form.times < 1 ? null : { kind: 'every_off', every_minor: every, off_minor: off, times_max: form.times }
    }
    case 'percent_off': {
      const cap = amount(form.cap)
      return share === null || cap === null ? null : { kind: 'percent_off', off_bp: share, cap_minor: cap }
    }
    case 'unit_price': {
      const unit = above(decimalToMinor(form.unit))
      return unit === null ? null : { kind: 'unit_price', unit_minor: unit }
    }
    case 'nth_off':
      return share === null || form.nth < 2 ? null : { kind: 'nth_off', nth: form.nth, off_bp: share }
    case 'buy_get':
      return form.buy < 1 || form.get < 1 ? null : { kind: 'buy_get', buy: form.buy, get: form.get }
  }
}

/** What is sent; `null` while something is missing or cannot be meant. */
export function promotionOf(form: PromotionForm): PromotionInput | null {
  const action = actionOf(form)
  const worth = form.worth.trim() === '' ? 0 : decimalToMinor(form.worth)
  const [budget, uses, each] = [amount(form.budget), count(form.uses), count(form.each)]
  const [starts, ends] = [new Date(form.starts), new Date(form.ends)]
  const fits = action !== null && worth !== null && worth >= 0 && budget !== null && uses !== null && each !== null
  if (!fits || form.title.trim() === '' || !(starts.getTime() < ends.getTime())) return null
  return {
    title: form.title.trim(),
    scope: { categories: [], products: form.products.map((product) => product.id), skus: [] },
    needs: { worth_minor: worth, units: form.units, new_buyers_only: form.new_buyers_only, tiers: [], weekdays: [], from_minute: null, to_minute: null },
    action,
    starts_at: starts.toISOString(),
    ends_at: ends.toISOString(),
    budget_minor: budget,
    uses_max: uses,
    per_person: each,
  }
}
