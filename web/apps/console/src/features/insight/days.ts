import type { Dashboard } from '@tuan/api'

type Day = Dashboard['by_day'][number]

/** The days in their order, those on which nothing was sold too: a chart that leaves them out would mislead. */
export function everyDay(days: Day[]): Day[] {
  const [first] = days
  const last = days.at(-1)
  if (!first || !last) return []
  const known = new Map(days.map((day) => [day.day.slice(0, 10), day]))
  const nothing = { ...first.paid, amount_minor: 0 }
  const all: Day[] = []
  const end = Date.parse(last.day.slice(0, 10))
  for (let at = Date.parse(first.day.slice(0, 10)); at <= end; at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10)
    all.push(known.get(day) ?? { day, orders: 0, paid: nothing, refunded: nothing })
  }
  return all
}
