import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'pricing', component: () => import('./PricingPage.vue'), props: true, meta: { title: 'page.pricing' } },
  { path: 'promotions', component: () => import('./PromotionsPage.vue'), props: true, meta: { title: 'page.promotions' } },
  { path: 'promotions/new', component: () => import('./PromotionPage.vue'), props: true, meta: { title: 'page.promotion_new' } },
  { path: 'promotions/try', component: () => import('./SimulatorPage.vue'), props: true, meta: { title: 'page.simulator' } },
]
