import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/cashier', component: () => import('./CashierPage.vue'), meta: { title: 'page.cashier', member: true } },
  {
    path: '/pay/:payment',
    component: () => import('./PaymentPage.vue'),
    props: true,
    meta: { title: 'page.payment', member: true },
  },
]
