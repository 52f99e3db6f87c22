import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'after-sales', component: () => import('./CasesPage.vue'), props: true, meta: { title: 'page.cases' } },
  { path: 'after-sales/:case', component: () => import('./CasePage.vue'), props: (route) => ({ merchant: route.params.merchant, id: route.params.case }), meta: { title: 'page.case' } },
  { path: 'after-sale-terms', component: () => import('./TermsPage.vue'), props: true, meta: { title: 'page.after_sale_terms' } },
]
export const operatorRoutes: RouteRecordRaw[] = [
  { path: 'disputes', component: () => import('./CasesPage.vue'), meta: { title: 'page.disputes' } },
  { path: 'disputes/:case', component: () => import('./CasePage.vue'), props: (route) => ({ id: route.params.case }), meta: { title: 'page.case' } },
]
