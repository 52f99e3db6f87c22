import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/m/:merchant/membership', component: () => import('./MembershipPage.vue'), props: true, meta: { title: 'page.membership' } },
]
