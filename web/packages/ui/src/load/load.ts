import { asProblem, isAborted, type ApiProblem, type Page } from '@tuan/api'
import { computed, onScopeDispose, shallowRef, watchEffect, type ComputedRef, type ShallowRef } from 'vue'

export type Loadable<T> =
  | { kind: 'loading' }
  | { kind: 'ready'; value: T }
  | { kind: 'failed'; problem: ApiProblem }

export type Load<T> = {
  state: ShallowRef<Loadable<T>>
  value: ComputedRef<T | null>
  reload: () => Promise<void>
  set: (value: T) => void
}

/**
 * Loads whatever `call` asks for, again whenever something it reads (before its first await) changes.
 * A newer run aborts the older one, so a slow old answer never overwrites a new one.
 * `reload` keeps the shown value until the new one is there.
 */
export function useLoad<T>(call: (signal: AbortSignal) => Promise<T>): Load<T> {
  const state = shallowRef<Loadable<T>>({ kind: 'loading' })
  let current: AbortController | null = null

  async function run(keep: boolean): Promise<void> {
    current?.abort()
    const abort = new AbortController()
    current = abort
    const answer = call(abort.signal)
    if (!keep) state.value = { kind: 'loading' }
    try {
      const value = await answer
      if (!abort.signal.aborted) state.value = { kind: 'ready', value }
    } catch (error) {
      if (abort.signal.aborted || isAborted(error)) return
      if (keep && state.value.kind === 'ready') return
      state.value = { kind: 'failed', problem: asProblem(error) }
    }
  }

  watchEffect(() => void run(false))
  onScopeDispose(() => current?.abort())
  return {
    state,
    value: computed(() => (state.value.kind === 'ready' ? state.value.value : null)),
    reload: () => run(state.value.kind === 'ready'),
    set: (value) => {
      current?.abort()
      state.value = { kind: 'ready', value }
    },
  }
}

export type Pages<T> = {
  state: ShallowRef<Loadable<T[]>>
  items: ComputedRef<T[]>
  ended: ShallowRef<boolean>
  loadingMore: ShallowRef<boolean>
  more: () => Promise<void>
  moreProblem: ShallowRef<ApiProblem | null>
  reload: () => Promise<void>
}

/** A list that is read page by page. Starts over when something `call` reads changes. */
export function usePages<T>(
  call: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const state = shallowRef<Loadable<T[]>>({ kind: 'loading' })
  const ended = shallowRef(false)
  const loadingMore = shallowRef(false)
  const moreProblem = shallowRef<ApiProblem | null>(null)
  let cursor: string | null = null
  let current: AbortController | null = null

  async function start(keep: boolean): Promise<void> {
    current?.abort()
    const abort = new AbortController()
    current = abort
    const answer = call(undefined, abort.signal)
    if (!keep) state.value = { kind: 'loading' }
    ended.value = false
    // The next page of what was read before is no part of what is read now.
    cursor = null
    loadingMore.value = false
    moreProblem.value = null
    try {
      const page = await answer
      if (abort.signal.aborted) return
      cursor = page.next_cursor
      ended.value = cursor === null
      state.value = { kind: 'ready', value: page.items }
    } catch (error) {
      if (abort.signal.aborted || isAborted(error)) return
      state.value = { kind: 'failed', problem: asProblem(error) }
    }
  }

  async function more(): Promise<void> {
    const shown = state.value
    if (shown.kind !== 'ready' || cursor === null || loadingMore.value || !current) return
    const { signal } = current
    loadingMore.value = true
    moreProblem.value = null
    try {
      const page = await call(cursor, signal)
      if (signal.aborted) return
      cursor = page.next_cursor
      ended.value = cursor === null
      state.value = { kind: 'ready', value: [...shown.value, ...page.items] }
    } catch (error) {
      if (!signal.aborted && !isAborted(error)) moreProblem.value = asProblem(error)
    } finally {
      if (!signal.aborted) loadingMore.value = false
    }
  }

  watchEffect(() => void start(false))
  onScopeDispose(() => current?.abort())
  return {
    state,
    items: computed(() => (state.value.kind === 'ready' ? state.value.value : [])),
    ended,
    loadingMore,
    more,
    moreProblem,
    reload: () => start(state.value.kind === 'ready'),
  }
}

/** One act at a time: the button that started it waits, and what went wrong is kept to be shown next to it. */
export function useAct() {
  const running = shallowRef(false)
  const problem = shallowRef<ApiProblem | null>(null)
  async function run<T>(act: () => Promise<T>): Promise<T | undefined> {
    if (running.value) return undefined
    running.value = true
    problem.value = null
    try {
      return await act()
    } catch (error) {
      if (!isAborted(error)) problem.value = asProblem(error)
      return undefined
    } finally {
      running.value = false
    }
  }
  return { running, problem, run }
}
