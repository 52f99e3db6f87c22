import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'balance', component: () => import('./BalancePage.vue'), props: true, meta: { title: 'page.balance' } },
]

export const operatorRoutes: RouteRecordRaw[] = [
  { path: 'accounts', component: () => import('./AccountsPage.vue'), meta: { title: 'page.accounts' } },
  { path: 'accounts/:account', component: () => import('./AccountPage.vue'), props: true, meta: { title: 'page.account' } },
  { path: 'transfers/:transfer', component: () => import('./TransferPage.vue'), props: true, meta: { title: 'page.transfer' } },
  { path: 'provider-bills', component: () => import('./BillsPage.vue'), meta: { title: 'page.provider_bills' } },
  { path: 'ledger-audit', component: () => import('./AuditPage.vue'), meta: { title: 'page.ledger_audit' } },
]
