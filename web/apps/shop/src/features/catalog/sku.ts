import type { Product, Sku } from '@tuan/api'

/** One chosen value per option, by position; null where nothing is chosen yet. */
export type Choice = (string | null)[]

function fits(sku: Sku, choice: Choice): boolean {
  return choice.every((value, index) => value === null || sku.option_values[index] === value)
}

/** The one variant the choice names; null while something is open. */
export function chosenSku(product: Product, choice: Choice): Sku | null {
  if (choice.some((value) => value === null)) return null
  return product.skus.find((sku) => fits(sku, choice)) ?? null
}

/** Whether a value can still be had with what is chosen in the other options. */
export function canChoose(product: Product, choice: Choice, option: number, value: string): boolean {
  const wanted = choice.map((chosen, index) => (index === option ? value : chosen))
  return product.skus.some((sku) => sku.available > 0 && fits(sku, wanted))
}

/** What to start with: the asked-for variant, else options with one value only. */
export function firstChoice(product: Product, skuId: string | null): Choice {
  const asked = product.skus.find((sku) => sku.id === skuId)
  return product.options.map((option, index) => {
    if (asked) return asked.option_values[index] ?? null
    return option.values.length === 1 ? (option.values[0] ?? null) : null
  })
}

export function lowest(skus: Sku[]): Sku | null {
  return skus.reduce<Sku | null>(
    (best, sku) => (best === null || sku.price.amount_minor < best.price.amount_minor ? sku : best),
    null,
  )
}
