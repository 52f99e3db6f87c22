import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/me/income', component: () => import('./IncomePage.vue'), meta: { title: 'page.income', member: true } },
]
