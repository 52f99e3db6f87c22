import { describe, expect, it } from 'vitest'
import { decimalToMinor, formatMinor, formatMoney, minorToDecimal } from './money'

describe('money', () => {
  it.each([
    [0, '0.00'],
    [5, '0.05'],
    [1999, '19.99'],
    [-1999, '-19.99'],
    [Number.MAX_SAFE_INTEGER, '90071992547409.91'],
  ])('writes %i as %s', (minor, text) => expect(minorToDecimal(minor)).toBe(text))

  it('shows the currency of each language', () => {
    expect(formatMinor(123456, 'zh-CN')).toBe('¥1,234.56')
    expect(formatMinor(-5, 'en')).toBe('-¥0.05')
    expect(formatMoney({ amount_minor: 500, currency: 'JPY' }, 'en')).toBe('¥500')
  })

  it.each([
    ['19.9', 1990],
    ['0.05', 5],
    ['1234567', 123456700],
    ['-3', -300],
    ['', null],
    ['1.234', null],
    ['1e3', null],
    ['１', null],
  ])('reads %s as %s', (text, minor) => expect(decimalToMinor(text)).toBe(minor))

  it('reads what it wrote', () => {
    for (let minor = -250; minor < 250; minor += 7) expect(decimalToMinor(minorToDecimal(minor))).toBe(minor)
  })
})
