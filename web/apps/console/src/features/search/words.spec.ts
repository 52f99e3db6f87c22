import { describe, expect, it } from 'vitest'
import { wordsOf } from './words'

describe('words of a group', () => {
  it('are cut at commas of either kind, each once', () => {
    expect(wordsOf(' 番茄，西红柿, tomato 、番茄\n')).toEqual(['番茄', '西红柿', 'tomato'])
  })

  it('are 2 to 12 of at most 20 characters', () => {
    expect(wordsOf('番茄')).toBeNull()
    expect(wordsOf('番茄,')).toBeNull()
    expect(wordsOf(Array.from({ length: 13 }, (_, n) => `w${n}`).join(','))).toBeNull()
    expect(wordsOf(`a,${'长'.repeat(21)}`)).toBeNull()
    expect(wordsOf(`a,${'𠮷'.repeat(20)}`)).toHaveLength(2)
  })
})
