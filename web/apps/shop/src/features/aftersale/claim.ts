import type { AfterSaleOptions, CaseInput, CaseKind, CaseReason } from '@tuan/api'

/** Reasons that go with what is asked for; `sent` is whether the goods have gone out. */
export function reasonsFor(kind: CaseKind, sent: boolean, noReason: boolean): CaseReason[] {
  if (kind === 'price_protection') return ['price_drop']
  if (kind === 'refund' && !sent) return ['no_reason', 'other']
  const wrong: CaseReason[] = ['faulty', 'damaged', 'wrong_item', 'not_as_described']
  if (kind === 'refund') return ['not_arrived', 'missing', ...wrong, 'other']
  return [...(kind === 'return' && noReason ? (['no_reason'] as const) : []), ...wrong, 'other']
}

/** What the form has for one line. */
export type Pick = { chosen: boolean; units: number; amount: string }

/** What is sent; `null` while something is missing or is more than there is. */
export function claim(
  options: AfterSaleOptions,
  form: { kind: CaseKind; reason: CaseReason; money: boolean; words: string; picks: Record<number, Pick> },
  toMinor: (text: string) => number | null,
): CaseInput | null {
  const head = { kind: form.kind, reason: form.reason, words: form.words.trim() || undefined }
  if (form.kind === 'price_protection') return { ...head, items: [] }
  const items: NonNullable<CaseInput['items']> = []
  for (const line of options.lines) {
    const pick = form.picks[line.line]
    if (!pick?.chosen) continue
    if (form.kind === 'refund' && form.money) {
      const amount = toMinor(pick.amount)
      if (amount === null || amount < 1 || amount > line.amount.amount_minor) return null
      items.push({ line: line.line, units: 0, amount_minor: amount })
    } else {
      if (pick.units < 1 || pick.units > line.units) return null
      items.push({ line: line.line, units: pick.units })
    }
  }
  if (items.length === 0 || (form.kind === 'exchange' && items.length > 1)) return null
  return { ...head, items }
}

/** Lines that can still be asked about; what may not come back without a reason is left out when there is none. */
export function askable(options: AfterSaleOptions, kind: CaseKind, reason: CaseReason) {
  return options.lines.filter(
    (line) =>
      (line.units > 0 || (kind === 'refund' && line.amount.amount_minor > 0)) &&
      !(kind === 'return' && reason === 'no_reason' && !line.no_reason_return),
  )
}
