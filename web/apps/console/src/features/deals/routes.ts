import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'activities', component: () => import('./ActivitiesPage.vue'), props: true, meta: { title: 'page.activities' } },
  { path: 'activities/new', component: () => import('./ActivityPage.vue'), props: true, meta: { title: 'page.activity_new' } },
  { path: 'activities/:activity', component: () => import('./ActivityPage.vue'), props: true, meta: { title: 'page.activity' } },
]
