import { ref } from 'vue'

const KEY = 'tuan.compared'
/** More do not fit beside each other. */
export const COMPARED_MAX = 4

/** The ids in a text that this or another version of the shop left. */
export function readCompared(text: string | null): string[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]')
    const ids = Array.isArray(kept) ? kept.filter((id): id is string => typeof id === 'string' && /^prd_[0-9a-f]{32}$/.test(id)) : []
    return [...new Set(ids)].slice(0, COMPARED_MAX)
  } catch {
    return []
  }
}

/** What is compared on this device. It never leaves it. */
export const compared = ref<string[]>(readCompared(localStorage.getItem(KEY)))

/** Adds a product, or takes it out; `false` when there is no room. */
export function toggleCompared(product: string): boolean {
  const has = compared.value.includes(product)
  if (!has && compared.value.length >= COMPARED_MAX) return false
  compared.value = has ? compared.value.filter((id) => id !== product) : [...compared.value, product]
  try {
    localStorage.setItem(KEY, JSON.stringify(compared.value))
  } catch {
    // Without room it is kept until the page goes.
  }
  return true
}
