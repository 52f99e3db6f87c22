import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'cards', component: () => import('./CardsPage.vue'), props: true, meta: { title: 'page.cards' } },
  { path: 'membership', component: () => import('./ProgramPage.vue'), props: true, meta: { title: 'page.membership' } },
]
