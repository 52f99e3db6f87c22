import { describe, expect, it } from 'vitest'
import { alignRows, combinations, splitValues, toSkus } from './variants'

describe('variants', () => {
  it('splits values by any usual comma', () => {
    expect(splitValues('红, 蓝，绿、 红')).toEqual(['红', '蓝', '绿'])
  })

  it('makes every combination, and one without options', () => {
    expect(combinations([])).toEqual([[]])
    expect(combinations([{ name: 'c', values: 'r,b' }, { name: 's', values: 'S,L' }])).toEqual([
      ['r', 'S'],
      ['r', 'L'],
      ['b', 'S'],
      ['b', 'L'],
    ])
  })

  it('keeps what was typed when a value is added', () => {
    const rows = [{ code: 'X', option_values: ['r'], price: '5', compare: '', stock: '3' }]
    const next = alignRows(rows, [{ name: 'c', values: 'r,b' }])
    expect(next[0]).toBe(rows[0])
    expect(next[1]).toEqual({ code: '', option_values: ['b'], price: '5', compare: '', stock: '' })
  })

  it('turns typed amounts into minor units and refuses others', () => {
    const row = { code: ' A ', option_values: [], price: '19.9', compare: '', stock: '' }
    expect(toSkus([row])).toEqual([{ code: 'A', option_values: [], price_minor: 1990 }])
    expect(toSkus([{ ...row, compare: '30', stock: '4' }])).toEqual([
      { code: 'A', option_values: [], price_minor: 1990, compare_price_minor: 3000, stock: 4 },
    ])
    expect(toSkus([{ ...row, price: '' }])).toBeNull()
    expect(toSkus([{ ...row, stock: '1.5' }])).toBeNull()
  })
})
