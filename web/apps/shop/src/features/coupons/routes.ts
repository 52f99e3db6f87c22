import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/me/coupons', component: () => import('./CouponsPage.vue'), meta: { title: 'page.coupons', member: true } },
  { path: '/c/:code', component: () => import('./HelpPage.vue'), props: true, meta: { title: 'page.coupon_help' } },
]
