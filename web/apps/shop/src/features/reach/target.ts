import type { EntryTarget } from '@tuan/api'

/** The page a shared link opens. */
export function targetPath(target: EntryTarget): string {
  const letter = { product: 'p', team: 't', merchant: 'm' }[target.kind]
  return `/${letter}/${target.id}`
}
