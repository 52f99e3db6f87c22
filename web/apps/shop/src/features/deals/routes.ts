import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/t/:team', component: () => import('./TeamPage.vue'), props: true, meta: { title: 'page.team' } },
]
