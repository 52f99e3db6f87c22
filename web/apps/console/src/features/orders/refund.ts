import type { Order } from '@tuan/api'
import { decimalToMinor } from '@tuan/ui'

/** What can still be given back of a line. */
export function refundable(line: Order['lines'][number]): number {
  return Math.max(0, line.total.amount_minor - line.refunded.amount_minor)
}

/** The typed amounts as refund lines; null when one is no amount or more than is left, or all are empty. */
export function refundLines(order: Order, typed: Record<number, string>): { line: number; amount_minor: number }[] | null {
  const lines: { line: number; amount_minor: number }[] = []
  for (const line of order.lines) {
    const text = (typed[line.line] ?? '').trim()
    if (text === '') continue
    const amount_minor = decimalToMinor(text)
    if (amount_minor === null || amount_minor < 0 || amount_minor > refundable(line)) return null
    if (amount_minor > 0) lines.push({ line: line.line, amount_minor })
  }
  return lines
}
