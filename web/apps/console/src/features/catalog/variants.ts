import type { Product, ProductInput } from '@tuan/api'
import { decimalToMinor, minorToDecimal } from '@tuan/ui'

/** A row of the form: amounts as they are typed. */
export type SkuRow = { code: string; option_values: string[]; price: string; compare: string; stock: string }
export type OptionRow = { name: string; values: string }

export function splitValues(text: string): string[] {
  return [...new Set(text.split(/[,，、\n]/).map((value) => value.trim()).filter((value) => value !== ''))]
}

/** Every combination of the options' values; one empty combination without options. */
export function combinations(options: OptionRow[]): string[][] {
  return options
    .map((option) => splitValues(option.values))
    .filter((values) => values.length > 0)
    .reduce<string[][]>((before, values) => before.flatMap((head) => values.map((value) => [...head, value])), [[]])
}

/** Rows for the options as they are now. Rows that fit keep what was typed. */
export function alignRows(rows: SkuRow[], options: OptionRow[]): SkuRow[] {
  const model = rows[0]
  return combinations(options).map((option_values) => {
    const kept = rows.find((row) => row.option_values.join('\u0000') === option_values.join('\u0000'))
    if (kept) return kept
    return { code: '', option_values, price: model?.price ?? '', compare: '', stock: '' }
  })
}

export function toRows(product: Product): SkuRow[] {
  return product.skus.map((sku) => ({
    code: sku.code,
    option_values: sku.option_values,
    price: minorToDecimal(sku.price.amount_minor),
    compare: sku.compare_price ? minorToDecimal(sku.compare_price.amount_minor) : '',
    stock: '',
  }))
}

/** The rows as the contract has them; null where something typed is no amount or no number. */
export function toSkus(rows: SkuRow[]): ProductInput['skus'] | null {
  const skus: ProductInput['skus'] = []
  for (const row of rows) {
    const price_minor = decimalToMinor(row.price)
    const compare = row.compare.trim() === '' ? undefined : decimalToMinor(row.compare)
    const stock = row.stock.trim() === '' ? undefined : Number(row.stock)
    if (price_minor === null || price_minor <= 0 || compare === null) return null
    if (stock !== undefined && (!Number.isInteger(stock) || stock < 0)) return null
    skus.push({
      code: row.code.trim(),
      option_values: row.option_values,
      price_minor,
      ...(compare === undefined ? {} : { compare_price_minor: compare }),
      ...(stock === undefined ? {} : { stock }),
    })
  }
  return skus
}
