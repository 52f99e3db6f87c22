import { ApiProblem } from '@tuan/api'
import { effectScope, nextTick, ref } from 'vue'
import { describe, expect, it } from 'vitest'
import { useAct, useLoad, usePages } from './load'

const settle = () => new Promise((resolve) => setTimeout(resolve, 0))

describe('useLoad', () => {
  it('lets the newest question win', async () => {
    const id = ref('slow')
    const answers = new Map<string, (value: string) => void>()
    const signals: AbortSignal[] = []
    const scope = effectScope()
    const load = scope.run(() =>
      useLoad((signal) => {
        signals.push(signal)
        const asked = id.value
        return new Promise<string>((resolve) => answers.set(asked, resolve))
      }),
    )
    id.value = 'quick'
    await nextTick()
    answers.get('quick')?.('quick answer')
    await settle()
    answers.get('slow')?.('slow answer')
    await settle()
    expect(load?.value.value).toBe('quick answer')
    expect(signals[0]?.aborted).toBe(true)
    scope.stop()
    expect(signals[1]?.aborted).toBe(true)
  })

  it('keeps what is shown when a reload fails', async () => {
    let fail = false
    const scope = effectScope()
    const load = scope.run(() =>
      useLoad(() => (fail ? Promise.reject(new ApiProblem({ code: 'server.unexpected' })) : Promise.resolve(1))),
    )
    await settle()
    fail = true
    await load?.reload()
    expect(load?.value.value).toBe(1)
    scope.stop()
  })

  it('shows a first failure as a problem', async () => {
    const scope = effectScope()
    const load = scope.run(() => useLoad(() => Promise.reject(new TypeError('gone'))))
    await settle()
    expect(load?.state.value).toMatchObject({ kind: 'failed', problem: { code: 'network.unreachable' } })
    scope.stop()
  })
})

describe('usePages', () => {
  it('reads on until the end and starts over on another question', async () => {
    const q = ref('a')
    const scope = effectScope()
    const pages = scope.run(() =>
      usePages((cursor) => {
        const asked = q.value
        return Promise.resolve({ items: [`${asked}${cursor ?? '1'}`], next_cursor: cursor ? null : '2' })
      }),
    )
    await settle()
    expect(pages?.items.value).toEqual(['a1'])
    await pages?.more()
    expect(pages?.items.value).toEqual(['a1', 'a2'])
    expect(pages?.ended.value).toBe(true)
    q.value = 'b'
    await settle()
    expect(pages?.items.value).toEqual(['b1'])
    expect(pages?.ended.value).toBe(false)
    scope.stop()
  })
})

describe('usePages while it reloads', () => {
  it('does not add the next page of what was there before', async () => {
    let rows = ['a', 'b', 'c']
    const scope = effectScope()
    const pages = scope.run(() =>
      usePages((cursor) => {
        const items = cursor ? rows.slice(2) : rows.slice(0, 2)
        return settle().then(() => ({ items, next_cursor: cursor ? null : '2' }))
      }),
    )
    await settle()
    await settle()
    rows = ['b', 'c', 'd']
    const reloaded = pages?.reload()
    await pages?.more()
    await reloaded
    expect(pages?.items.value).toEqual(['b', 'c'])
    scope.stop()
  })
})

describe('useAct', () => {
  it('does one thing at a time and keeps the problem', async () => {
    const { run, problem } = useAct()
    let runs = 0
    const slow = run(async () => {
      runs += 1
      await settle()
      throw new ApiProblem({ code: 'stock.short' })
    })
    expect(await run(() => Promise.resolve((runs += 1)))).toBeUndefined()
    await slow
    expect(runs).toBe(1)
    expect(problem.value?.code).toBe('stock.short')
  })
})
