import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'missed', component: () => import('./MissedPage.vue'), meta: { title: 'page.missed' } },
]

export const operatorRoutes: RouteRecordRaw[] = [
  { path: 'synonyms', component: () => import('./SynonymsPage.vue'), meta: { title: 'page.synonyms' } },
  { path: 'missed', component: () => import('./MissedPage.vue'), meta: { title: 'page.missed' } },
]
