import type { Activity, ActivityInput, Product } from '@tuan/api'
import { decimalToMinor, minorToDecimal } from '@tuan/ui'

/** What is typed for one variant: amounts as text, one price for each step of the ladder. */
export type Row = { on: boolean; team: string; leader: string; tiers: string[] }

/** An activity as it is typed. */
export type Form = {
  title: string
  size: number
  hours: number
  starts: Date | null
  ends: Date | null
  quota: string
  limit: string
  newBuyersOnly: boolean
  /** From how many people each step of the ladder holds; the same for all variants. */
  steps: number[]
  rows: Record<string, Row>
}

/** What stands in the way; each has a text under `deals.faults`. */
export type Fault = 'title' | 'skus' | 'team_price' | 'leader_price' | 'steps' | 'tier_price' | 'size' | 'hours' | 'times' | 'limits'

export const STEPS_MAX = 5
export const SIZE_MAX = 100
const HOURS_MAX = 168

const emptyRow = (steps: number): Row => ({ on: true, team: '', leader: '', tiers: Array.from({ length: steps }, () => '') })

export function emptyForm(now: Date): Form {
  return {
    title: '', size: 2, hours: 24, starts: now, ends: new Date(now.getTime() + 7 * 86_400_000), quota: '', limit: '', newBuyersOnly: false, steps: [], rows: {},
  }
}

/** The rows of a product that has just been chosen. */
export function rowsOf(product: Product, steps: number): Form['rows'] {
  return Object.fromEntries(product.skus.map((sku) => [sku.id, emptyRow(steps)]))
}

export function formOf(activity: Activity, product: Product): Form {
  const steps = activity.skus[0]?.tiers.map((tier) => tier.people) ?? []
  const rows = Object.fromEntries(
    product.skus.map((sku): [string, Row] => {
      const priced = activity.skus.find((item) => item.sku === sku.id)
      if (!priced) return [sku.id, { ...emptyRow(steps.length), on: false }]
      return [sku.id, {
        on: true,
        team: minorToDecimal(priced.team_price.amount_minor),
        leader: priced.leader_price ? minorToDecimal(priced.leader_price.amount_minor) : '',
        tiers: priced.tiers.map((tier) => minorToDecimal(tier.price.amount_minor)),
      }]
    }),
  )
  return {
    title: activity.title, size: activity.size, hours: Math.round((activity.window_minutes * 100) / 60) / 100, starts: new Date(activity.starts_at), ends: new Date(activity.ends_at),
    quota: activity.quota === null ? '' : String(activity.quota), limit: activity.per_person_limit === null ? '' : String(activity.per_person_limit),
    newBuyersOnly: activity.new_buyers_only, steps, rows,
  }
}

export function addStep(form: Form): void {
  if (form.steps.length >= STEPS_MAX) return
  const last = form.steps.at(-1)
  form.steps.push(last === undefined ? form.size : last + 1)
  for (const row of Object.values(form.rows)) row.tiers.push('')
}

export function dropStep(form: Form, at: number): void {
  form.steps.splice(at, 1)
  for (const row of Object.values(form.rows)) row.tiers.splice(at, 1)
}

/** How many must have paid for a team to succeed: all seats, or the first step of a ladder. */
export const needed = (form: Form) => form.steps[0] ?? form.size

/** An empty text is no limit; null is no number. */
function count(text: string): number | null | undefined {
  if (text.trim() === '') return undefined
  const value = Number(text)
  return Number.isInteger(value) && value > 0 ? value : null
}

const positive = (text: string) => {
  const minor = decimalToMinor(text)
  return minor !== null && minor > 0 ? minor : null
}

type Priced = { faults: Set<Fault>; skus: ActivityInput['skus'] }

function prices(form: Form, product: Product): Priced {
  const faults = new Set<Fault>()
  const skus: ActivityInput['skus'] = []
  for (const sku of product.skus) {
    const row = form.rows[sku.id]
    if (!row?.on) continue
    const team = positive(row.team)
    // A team price that is not below the price alone would mislead.
    if (team === null || team >= sku.price.amount_minor) faults.add('team_price')
    const leader = row.leader.trim() === '' ? undefined : positive(row.leader)
    if (leader === null || (leader !== undefined && team !== null && leader > team)) faults.add('leader_price')
    let before = team ?? Number.POSITIVE_INFINITY
    const tiers = form.steps.map((people, at) => {
      const price = positive(row.tiers[at] ?? '')
      if (price === null || price > before) faults.add('tier_price')
      else before = price
      return { people, price_minor: price ?? 0 }
    })
    skus.push({ sku: sku.id, team_price_minor: team ?? 0, ...(leader === undefined || leader === null ? {} : { leader_price_minor: leader }), tiers })
  }
  if (skus.length === 0) faults.add('skus')
  return { faults, skus }
}

/** What the server is sent, or what is wrong; the server checks again. */
export function bodyOf(form: Form, product: Product): { body: ActivityInput } | { faults: Fault[] } {
  const { faults, skus } = prices(form, product)
  const quota = count(form.quota)
  const limit = count(form.limit)
  if (form.title.trim() === '') faults.add('title')
  if (!Number.isInteger(form.size) || form.size < 2 || form.size > SIZE_MAX) faults.add('size')
  if (!(form.hours > 0) || form.hours > HOURS_MAX) faults.add('hours')
  if (form.steps.some((people, at) => !Number.isInteger(people) || people <= (form.steps[at - 1] ?? 1) || people > form.size)) faults.add('steps')
  if (!form.starts || !form.ends || form.ends <= form.starts) faults.add('times')
  if (quota === null || limit === null) faults.add('limits')
  if (faults.size > 0 || !form.starts || !form.ends) return { faults: [...faults] }
  return {
    body: {
      product: product.id, title: form.title.trim(), skus, size: form.size, window_minutes: Math.round(form.hours * 60), starts_at: form.starts.toISOString(), ends_at: form.ends.toISOString(),
      ...(typeof quota === 'number' ? { quota } : {}), ...(typeof limit === 'number' ? { per_person_limit: limit } : {}), new_buyers_only: form.newBuyersOnly,
    },
  }
}
