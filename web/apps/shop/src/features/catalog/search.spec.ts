import { beforeEach, describe, expect, it } from 'vitest'
import { pieces } from './marked'
import { fromAddress, toAddress } from './narrowed'
import { forgetSearched, remember, searched } from './searched'

describe('marks', () => {
  it('cut a title into pieces, by characters and not by units', () => {
    expect(pieces('𠮷红富士苹果', [{ from: 4, to: 6 }])).toEqual([
      { text: '𠮷红富士', marked: false },
      { text: '苹果', marked: true },
    ])
    expect(pieces('苹果', [{ from: 0, to: 2 }])).toEqual([{ text: '苹果', marked: true }])
  })

  it('that do not fit are left out', () => {
    const wrong = [{ from: 1, to: 1 }, { from: 0, to: 9 }, { from: 1, to: 2 }, { from: 0, to: 1 }]
    expect(pieces('苹果', wrong)).toEqual([
      { text: '苹', marked: false },
      { text: '果', marked: true },
    ])
    expect(pieces('苹果', undefined)).toEqual([{ text: '苹果', marked: false }])
    expect(pieces('', [])).toEqual([])
  })
})

describe('what was searched for', () => {
  beforeEach(forgetSearched)

  it('is kept newest first, each once, ten of them', () => {
    for (let n = 0; n < 12; n += 1) remember(`q${n}`)
    remember('q5')
    expect(searched.value).toHaveLength(10)
    expect(searched.value.slice(0, 2)).toEqual(['q5', 'q11'])
    expect(JSON.parse(localStorage.getItem('tuan.searched') ?? '')).toEqual(searched.value)
    forgetSearched()
    expect(searched.value).toEqual([])
  })
})

describe('the address of a search', () => {
  it('holds everything it is narrowed down to', () => {
    const query = { q: '苹果', category: 'cat_1', price: '100-2000', facts: '产地:山东|颜色:红', together: '1' }
    const narrowed = fromAddress(query)
    expect(narrowed).toMatchObject({ price: [100, 2000], facts: ['产地:山东', '颜色:红'], together: true })
    expect(toAddress(narrowed)).toEqual({ ...query, merchant: undefined })
  })

  it('may be anything', () => {
    const narrowed = fromAddress({ q: ['a'], price: '-1-x', facts: 'x', together: 'yes' })
    expect(narrowed).toEqual({ q: undefined, category: undefined, merchant: undefined, price: undefined, facts: [], together: false })
  })
})
