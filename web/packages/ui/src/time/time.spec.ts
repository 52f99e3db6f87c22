import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { remaining, useRemaining } from './time'

describe('remaining', () => {
  it('counts whole seconds and never below zero', () => {
    expect(remaining(59_001)).toMatchObject({ seconds: 60, clock: '00:01:00', over: false })
    expect(remaining(90_061_000)).toMatchObject({ days: 1, clock: '01:01:01' })
    expect(remaining(-5)).toMatchObject({ seconds: 0, over: true })
  })
})

describe('useRemaining', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('goes by the server clock, however wrong the own one is', () => {
    vi.setSystemTime(new Date('2030-01-01T00:00:00Z'))
    const scope = effectScope()
    const left = scope.run(() => useRemaining('2026-01-01T00:10:00Z', '2026-01-01T00:00:00Z'))
    expect(left?.value.seconds).toBe(600)
    vi.advanceTimersByTime(60_000)
    expect(left?.value.seconds).toBe(540)
    scope.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
