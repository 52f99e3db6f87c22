import type { FlashSale, Money } from '@tuan/api'

/** The variant that costs least in a sale. */
export function bestOf(sale: FlashSale): FlashSale['skus'][number] | null {
  const [first, ...rest] = sale.skus
  return first ? rest.reduce((best, sku) => (sku.price.amount_minor < best.price.amount_minor ? sku : best), first) : null
}

/** What one of a variant costs in a sale that runs and has some left. */
export function flashPrice(sale: FlashSale | null, sku: string): Money | null {
  const found = sale?.state === 'running' ? sale.skus.find((one) => one.sku === sku && one.left > 0) : undefined
  return found?.price ?? null
}

/** The lower one; either may be missing. */
export function lower(one: Money | null, other: Money | null): Money | null {
  if (!one || !other) return one ?? other
  return other.amount_minor < one.amount_minor ? other : one
}
