import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'orders', component: () => import('./OrdersPage.vue'), props: true, meta: { title: 'page.orders' } },
  { path: 'orders/:order', component: () => import('./OrderPage.vue'), props: true, meta: { title: 'page.order' } },
]
