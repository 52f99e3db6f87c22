import { describe, expect, it } from 'vitest'
import { byModule, placeOf } from './privacy'

describe('byModule', () => {
  it('tells the fate of a module once', () => {
    const kinds = [
      { name: 'orders.cart', fate: 'removed' },
      { name: 'orders.order', fate: 'kept' },
      { name: 'orders.line', fate: 'kept' },
      { name: 'search.asked', fate: 'removed' },
    ]
    expect(byModule(kinds)).toEqual([
      { name: 'orders', fates: ['mixed'] },
      { name: 'search', fates: ['removed'] },
    ])
  })
})

describe('placeOf', () => {
  it('leads to where one can do something, and nowhere else', () => {
    expect(placeOf('orders.open')).toBe('/orders')
    expect(placeOf('person.owns_shop')).toBeUndefined()
  })
})
