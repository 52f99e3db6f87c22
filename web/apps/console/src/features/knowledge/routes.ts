import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'posts', component: () => import('./PostsPage.vue'), props: true, meta: { title: 'page.posts' } },
  { path: 'proposals', component: () => import('./ProposalsPage.vue'), props: true, meta: { title: 'page.proposals' } },
]
export const operatorRoutes: RouteRecordRaw[] = [
  { path: 'moderation', component: () => import('./ModerationPage.vue'), meta: { title: 'page.moderation' } },
]
