import type { Money } from '@tuan/api'

const formatters = new Map<string, Intl.NumberFormat>()

function formatter(locale: string, currency: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`
  let found = formatters.get(key)
  if (!found) {
    found = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
    formatters.set(key, found)
  }
  return found
}

function digitsOf(currency: string): number {
  return formatter('en', currency).resolvedOptions().maximumFractionDigits ?? 2
}

/** 1999 with two digits is "19.99"; made from the integer's digits, so no binary fraction is involved. */
export function minorToDecimal(minor: number, digits = 2): string {
  const text = Math.abs(minor).toString().padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits)
  const fraction = digits > 0 ? `.${text.slice(text.length - digits)}` : ''
  return `${minor < 0 ? '-' : ''}${whole}${fraction}`
}

/** "19.9" is 1990; null for anything that is no amount with at most `digits` decimals. */
export function decimalToMinor(text: string, digits = 2): number | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d*))?$/.exec(text.trim())
  if (!match) return null
  const fraction = match[3] ?? ''
  if (fraction.length > digits) return null
  const minor = Number(`${match[2] ?? ''}${fraction.padEnd(digits, '0')}`)
  if (!Number.isSafeInteger(minor)) return null
  return match[1] && minor !== 0 ? -minor : minor
}

export function formatMoney(money: Money, locale: string): string {
  const decimal = minorToDecimal(money.amount_minor, digitsOf(money.currency))
  return formatter(locale, money.currency).format(decimal as Intl.StringNumericLiteral)
}

export function formatMinor(minor: number, locale: string, currency = 'CNY'): string {
  return formatMoney({ amount_minor: minor, currency }, locale)
}

export function plus(a: Money, b: Money): Money {
  return { amount_minor: a.amount_minor + b.amount_minor, currency: a.currency }
}
