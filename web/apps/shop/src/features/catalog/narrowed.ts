import type { LocationQuery, LocationQueryRaw } from 'vue-router'

/** What a search is narrowed down to; all of it is in the address, so going back shows the same list. */
export type Narrowed = {
  q: string | undefined
  category: string | undefined
  merchant: string | undefined
  /** Minor units, both ends included. */
  price: [number, number] | undefined
  /** Name and value, with a colon between them. */
  facts: string[]
  together: boolean
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** Reads an address. */
export function fromAddress(query: LocationQuery): Narrowed {
  const [, from, to] = /^(\d{1,12})-(\d{1,12})$/.exec(text(query.price) ?? '') ?? []
  const facts = (text(query.facts) ?? '').split('|').filter((fact) => fact.includes(':'))
  return {
    q: text(query.q),
    category: text(query.category),
    merchant: text(query.merchant),
    price: from && to ? [Number(from), Number(to)] : undefined,
    facts: facts.slice(0, 10),
    together: query.together === '1',
  }
}

/** Writes an address. */
export function toAddress(narrowed: Narrowed): LocationQueryRaw {
  const { q, category, merchant, price, facts, together } = narrowed
  return {
    q,
    category,
    merchant,
    price: price?.join('-'),
    facts: facts.join('|') || undefined,
    together: together ? '1' : undefined,
  }
}
