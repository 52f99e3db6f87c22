import type { Right } from '@tuan/api'

export const RIGHTS: Right[] = ['products', 'stock', 'orders', 'refunds', 'deals', 'reach', 'money', 'staff']

/** How the badge of a person's state looks. */
export const lookOf = (state: string): string => (state === 'banned' ? 'bad' : state === 'member' ? 'good' : '')
