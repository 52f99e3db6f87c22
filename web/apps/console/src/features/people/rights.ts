import type { Right } from '@tuan/api'

export const RIGHTS: Right[] = ['products', 'stock', 'orders', 'refunds', 'deals', 'reach', 'money', 'staff']
