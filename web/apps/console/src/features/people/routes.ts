import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'staff', component: () => import('./StaffPage.vue'), props: true, meta: { title: 'page.staff' } },
  { path: 'audit-log', component: () => import('./AuditLogPage.vue'), props: true, meta: { title: 'page.audit_log' } },
]

export const operatorRoutes: RouteRecordRaw[] = [
  { path: 'people', component: () => import('./PeoplePage.vue'), meta: { title: 'page.people' } },
  { path: 'people/:person', component: () => import('./PersonPage.vue'), props: true, meta: { title: 'page.person' } },
  { path: 'merchants', component: () => import('./MerchantsPage.vue'), meta: { title: 'page.merchants' } },
  { path: 'merchants/:shop', component: () => import('./MerchantPage.vue'), props: (route) => ({ merchant: route.params.shop }), meta: { title: 'app.merchant' } },
  { path: 'audit-log', component: () => import('./AuditLogPage.vue'), meta: { title: 'page.audit_log_all' } },
]
