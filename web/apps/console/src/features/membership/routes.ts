import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'membership', component: () => import('./ProgramPage.vue'), props: true, meta: { title: 'page.membership' } },
]
