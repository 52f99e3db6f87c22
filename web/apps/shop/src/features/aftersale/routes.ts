import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/orders/:order/after-sale', component: () => import('./AskPage.vue'), props: true, meta: { title: 'page.after_sale', member: true } },
  { path: '/after-sales', component: () => import('./CasesPage.vue'), meta: { title: 'page.cases', member: true } },
  { path: '/after-sales/:case', component: () => import('./CasePage.vue'), props: (route) => ({ id: route.params.case }), meta: { title: 'page.case', member: true } },
]
