import { ref } from 'vue'

const KEY = 'tuan.searched'
const MOST = 10

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((q): q is string => typeof q === 'string').slice(0, MOST) : []
  } catch {
    // What somebody else left there is no history of ours.
    return []
  }
}

/** What was searched for on this device, the newest first. It never leaves it. */
export const searched = ref<string[]>(read())

function keep(list: string[]): void {
  searched.value = list
  try {
    localStorage.setItem(KEY, JSON.stringify(list))
  } catch {
    // Without room it is kept until the page goes.
  }
}

/** Puts a query in front. */
export function remember(q: string): void {
  keep([q, ...searched.value.filter((known) => known !== q)].slice(0, MOST))
}

/** Forgets all of it. */
export function forgetSearched(): void {
  keep([])
}
