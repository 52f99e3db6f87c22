import type { Product, Sku } from '@tuan/api'
import { describe, expect, it } from 'vitest'
import { canChoose, chosenSku, firstChoice, lowest } from './sku'

function sku(id: string, values: string[], available: number, price = 1000): Sku {
  return {
    id,
    code: id,
    option_values: values,
    price: { amount_minor: price, currency: 'CNY' },
    compare_price: null,
    available,
  }
}

const product: Product = {
  id: 'prd_1',
  merchant: 'mer_1',
  merchant_name: 'M',
  title: 'T',
  description: '',
  category: 'cat_1',
  state: 'published',
  pictures: [],
  options: [
    { name: 'colour', values: ['red', 'blue'] },
    { name: 'size', values: ['S', 'L'] },
  ],
  skus: [sku('a', ['red', 'S'], 5), sku('b', ['red', 'L'], 0), sku('c', ['blue', 'L'], 2, 900)],
  attributes: [],
  no_reason_return: true, is_virtual: false,
  updated_at: '2026-01-01T00:00:00Z',
  version: 1,
}

describe('sku choice', () => {
  it('names a variant only when every option is chosen', () => {
    expect(chosenSku(product, ['red', null])).toBeNull()
    expect(chosenSku(product, ['blue', 'L'])?.id).toBe('c')
    expect(chosenSku(product, ['blue', 'S'])).toBeNull()
  })

  it('refuses values that are sold out or do not exist in the combination', () => {
    expect(canChoose(product, ['red', null], 1, 'S')).toBe(true)
    expect(canChoose(product, ['red', null], 1, 'L')).toBe(false)
    expect(canChoose(product, ['blue', null], 1, 'S')).toBe(false)
    expect(canChoose(product, [null, null], 1, 'L')).toBe(true)
  })

  it('lets the person change an option that is chosen already', () => {
    expect(canChoose(product, ['red', 'S'], 0, 'blue')).toBe(false)
    expect(canChoose(product, ['red', null], 0, 'blue')).toBe(true)
  })

  it('starts with the asked variant or with what has no alternative', () => {
    expect(firstChoice(product, 'c')).toEqual(['blue', 'L'])
    expect(firstChoice(product, null)).toEqual([null, null])
    expect(firstChoice({ ...product, options: [{ name: 'x', values: ['one'] }] }, null)).toEqual(['one'])
  })

  it('finds the lowest price', () => {
    expect(lowest(product.skus)?.id).toBe('c')
    expect(lowest([])).toBeNull()
  })
})
