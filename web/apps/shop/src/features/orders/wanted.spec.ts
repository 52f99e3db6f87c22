import { describe, expect, it } from 'vitest'
import { wanted } from './wanted'

describe('wanted', () => {
  it('reads lines of the cart', () => {
    expect(wanted({ skus: 'sku_1,sku_2' })).toEqual({ kind: 'cart', skus: ['sku_1', 'sku_2'] })
    expect(wanted({})).toEqual({ kind: 'cart', skus: [] })
  })

  it('reads one variant with a team', () => {
    expect(wanted({ sku: 'sku_1', product: 'prd_1', qty: '2', activity: 'act_1', team: 'tem_1' })).toEqual({
      kind: 'now',
      sku: 'sku_1',
      product: 'prd_1',
      qty: 2,
      activity: 'act_1',
      team: 'tem_1',
    })
  })

  it('takes one piece when the number is no number', () => {
    expect(wanted({ sku: 'sku_1', product: 'prd_1', qty: '-3' })).toMatchObject({ qty: 1, team: null, activity: null })
    expect(wanted({ sku: 'sku_1', product: 'prd_1', qty: 'x' })).toMatchObject({ qty: 1 })
  })
})
