import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/orders/:order/invoice', component: () => import('./InvoicePage.vue'), props: true, meta: { title: 'page.invoice', member: true } },
]
