import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'statement', component: () => import('./StatementPage.vue'), props: true, meta: { title: 'page.statement' } },
  { path: 'payouts', component: () => import('./PayoutsPage.vue'), props: true, meta: { title: 'page.payouts' } },
]
export const operatorRoutes: RouteRecordRaw[] = [
  { path: 'payouts', component: () => import('./PayoutQueuePage.vue'), meta: { title: 'page.payout_queue' } },
  { path: 'fees', component: () => import('./FeesPage.vue'), meta: { title: 'page.fees' } },
  { path: 'income', component: () => import('./IncomePage.vue'), meta: { title: 'page.income' } },
]
