import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'coupons', component: () => import('./CouponsPage.vue'), props: true, meta: { title: 'page.coupons' } },
  { path: 'coupons/new', component: () => import('./CouponPage.vue'), props: true, meta: { title: 'page.coupon_new' } },
]
