import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'stock', component: () => import('./StockPage.vue'), props: true, meta: { title: 'page.stock' } },
]
