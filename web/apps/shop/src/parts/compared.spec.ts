import { expect, test } from 'vitest'
import { COMPARED_MAX, compared, readCompared, toggleCompared } from './compared'

const id = (n: number) => `prd_${String(n).padStart(32, '0')}`

test('only ids of products are read, each once and not too many', () => {
  expect(readCompared(null)).toEqual([])
  expect(readCompared('{')).toEqual([])
  expect(readCompared('{"a":1}')).toEqual([])
  expect(readCompared(JSON.stringify([id(1), 3, 'x', id(1), id(2)]))).toEqual([id(1), id(2)])
  expect(readCompared(JSON.stringify([1, 2, 3, 4, 5, 6].map(id)))).toHaveLength(COMPARED_MAX)
})

test('a product goes in and out, and a fifth finds no room', () => {
  for (const n of [1, 2, 3, 4]) expect(toggleCompared(id(n))).toBe(true)
  expect(toggleCompared(id(5))).toBe(false)
  expect(toggleCompared(id(1))).toBe(true)
  expect(compared.value).toEqual([2, 3, 4].map(id))
  expect(readCompared(localStorage.getItem('tuan.compared'))).toEqual(compared.value)
})
