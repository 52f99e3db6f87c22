import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'points', component: () => import('./ProgramPage.vue'), props: true, meta: { title: 'page.points' } },
  { path: 'points-report', component: () => import('./ReportPage.vue'), props: true, meta: { title: 'page.points_report' } },
]
