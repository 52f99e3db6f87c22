import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/s/:code', component: () => import('./LandingPage.vue'), props: true, meta: { title: 'page.landing' } },
  { path: '/me/shares', component: () => import('./SharesPage.vue'), meta: { title: 'page.shares', member: true } },
  {
    path: '/me/commissions',
    component: () => import('./CommissionsPage.vue'),
    meta: { title: 'page.commissions', member: true },
  },
]
