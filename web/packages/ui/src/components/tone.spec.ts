import { expect, it } from 'vitest'
import { TONES, toneOf } from './tone'

function light(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

it.each(TONES)('$ink can be read on $ground', ({ ground, ink }) => {
  const [dark, bright] = [light(ink), light(ground)].sort((a, b) => a - b)
  expect(((bright ?? 0) + 0.05) / ((dark ?? 0) + 0.05)).toBeGreaterThanOrEqual(4.5)
})

it('gives the same text the same colours, and different texts different ones', () => {
  expect(toneOf('脐橙 5 斤')).toEqual(toneOf(' 脐橙 5 斤 '))
  expect(new Set(['脐橙', '大米', '毛巾', '茶叶', '鸡蛋', '西瓜'].map((title) => toneOf(title).ground)).size).toBeGreaterThan(2)
})
