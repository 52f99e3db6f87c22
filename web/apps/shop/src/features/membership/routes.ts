import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/me/cards', component: () => import('./CardsPage.vue'), meta: { title: 'page.my_cards' } },
  { path: '/m/:merchant/membership', component: () => import('./MembershipPage.vue'), props: true, meta: { title: 'page.membership' } },
]
