import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/me/points', component: () => import('./MinePage.vue'), meta: { title: 'page.my_points' } },
  { path: '/m/:merchant/points', component: () => import('./PointsPage.vue'), props: true, meta: { title: 'page.points' } },
]
