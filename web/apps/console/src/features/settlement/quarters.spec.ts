import { describe, expect, it } from 'vitest'
import { quarters } from './quarters'

describe('quarters', () => {
  it('go back over the turn of the year', () => {
    expect(quarters(new Date('2026-02-01T00:00:00Z'), 3)).toEqual([20261, 20254, 20253])
  })
  it('begin in China', () => {
    expect(quarters(new Date('2026-12-31T15:59:59Z'), 1)).toEqual([20264])
    expect(quarters(new Date('2026-12-31T16:00:00Z'), 1)).toEqual([20271])
  })
})
