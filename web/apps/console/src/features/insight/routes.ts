import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '', redirect: (to) => `${to.path.replace(/\/$/, '')}/dashboard` },
  { path: 'dashboard', component: () => import('./DashboardPage.vue'), props: true, meta: { title: 'page.dashboard' } },
]
