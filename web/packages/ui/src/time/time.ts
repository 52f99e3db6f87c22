import { onScopeDispose, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'

export function formatTime(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
}

export function formatDay(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(iso))
}

export type Remaining = { seconds: number; days: number; clock: string; over: boolean }

const two = (value: number) => value.toString().padStart(2, '0')

/** Whole seconds left, as days and h:mm:ss. Never below zero. */
export function remaining(milliseconds: number): Remaining {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  const days = Math.floor(seconds / 86_400)
  const rest = seconds % 86_400
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor((rest % 3600) / 60))}:${two(rest % 60)}`
  return { seconds, days, clock, over: seconds === 0 }
}

/**
 * Counts down to a deadline by the server's clock: `serverNow` is the server's time of the answer that brought
 * the deadline, and from then on only the time passed here is counted. A wrong clock on the phone does no harm.
 */
export function useRemaining(
  deadline: MaybeRefOrGetter<string | null>,
  serverNow: MaybeRefOrGetter<string | null>,
): Ref<Remaining> {
  const left = ref(remaining(0))
  let base = 0
  let at = 0
  const update = () => {
    left.value = remaining(base - (performance.now() - at))
  }
  watch(
    [() => toValue(deadline), () => toValue(serverNow)],
    ([until, now]) => {
      base = until ? Date.parse(until) - (now ? Date.parse(now) : Date.now()) : 0
      at = performance.now()
      update()
    },
    { immediate: true },
  )
  const timer = setInterval(update, 1000)
  onScopeDispose(() => clearInterval(timer))
  return left
}
