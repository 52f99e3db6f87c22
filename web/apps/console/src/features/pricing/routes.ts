import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'pricing', component: () => import('./PricingPage.vue'), props: true, meta: { title: 'page.pricing' } },
]
