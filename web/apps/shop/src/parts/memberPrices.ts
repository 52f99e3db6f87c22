import { api, take, type MemberPrice, type Money } from '@tuan/api'
import { computed, shallowRef, watch, type ComputedRef } from 'vue'
import { useSession } from '../stores/session'

/** Most products one question may name. */
const MOST = 100

/** What a member pays for goods on this page; empty where the catalogue's price counts. */
export interface MemberPrices {
  of: (sku: string) => Money | null
  /** The lowest of a product; null where no variant costs less for this person. */
  lowest: (product: string) => Money | null
}

/**
 * Prices of the person who looks, for the products named. Without an answer the page shows the catalogue's prices, and
 * the cart what is really paid.
 */
export function useMemberPrices(products: () => string[]): ComputedRef<MemberPrices> {
  const session = useSession()
  const known = shallowRef(new Map<string, MemberPrice[]>())
  const asked = new Set<string>()
  watch(
    [products, () => session.isMember],
    async ([now, isMember]) => {
      if (!isMember) {
        asked.clear()
        known.value = new Map()
        return
      }
      const missing = now.filter((product) => !asked.has(product)).slice(0, MOST)
      if (missing.length === 0) return
      for (const product of missing) asked.add(product)
      const answer = await take(api.GET('/api/v1/member-prices', { params: { query: { products: missing.join(',') } } })).catch(() => null)
      if (!answer) return
      const next = new Map(known.value)
      for (const product of missing) next.set(product, answer.items.filter((item) => item.product === product))
      known.value = next
    },
    { immediate: true },
  )
  return computed(() => {
    const all = known.value
    return {
      of: (sku) => [...all.values()].flat().find((item) => item.sku === sku)?.unit ?? null,
      lowest: (product) =>
        (all.get(product) ?? []).reduce<Money | null>(
          (best, item) => (best === null || item.unit.amount_minor < best.amount_minor ? item.unit : best),
          null,
        ),
    }
  })
}
