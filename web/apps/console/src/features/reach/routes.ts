import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'reach', component: () => import('./ReachPage.vue'), props: true, meta: { title: 'page.reach' } },
  { path: 'commissions', component: () => import('./CommissionsPage.vue'), props: true, meta: { title: 'page.commissions' } },
]
