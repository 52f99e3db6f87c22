import type { Privacy } from '@tuan/api'

/** What a module keeps, and what becomes of it; `mixed` where some of it is removed and some kept. */
export function byModule(kinds: Privacy['kinds']): { name: string; fates: string[] }[] {
  const modules = new Map<string, Set<string>>()
  for (const kind of kinds) {
    const name = kind.name.split('.')[0] ?? kind.name
    const fates = modules.get(name) ?? new Set<string>()
    modules.set(name, fates.add(kind.fate))
  }
  return [...modules].map(([name, fates]) => {
    const isMixed = fates.has('removed') && fates.has('kept')
    return { name, fates: isMixed ? ['mixed'] : [...fates] }
  })
}

const PLACES: Record<string, string> = {
  'orders.open': '/orders',
  'payments.open': '/orders',
  'aftersale.open': '/after-sales',
  'wallet.not_empty': '/me/wallet',
  'commissions.open': '/me/commissions',
  'commissions.owed': '/me/commissions',
}

/** Where somebody brings to an end what stands in the way of leaving; nothing where another must do it. */
export function placeOf(code: string): string | undefined {
  return PLACES[code]
}
