import type { LedgerAccount, Money } from '@tuan/api'

/** What an account holds: credits − debits. */
export function balanceOf(account: LedgerAccount): Money {
  return { amount_minor: account.posted_credit - account.posted_debit, currency: account.asset }
}
