import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'staff', component: () => import('./StaffPage.vue'), props: true, meta: { title: 'page.staff' } },
  { path: 'audit-log', component: () => import('./AuditLogPage.vue'), props: true, meta: { title: 'page.audit_log' } },
]

export const operatorRoutes: RouteRecordRaw[] = [
  { path: 'merchants', component: () => import('./MerchantsPage.vue'), meta: { title: 'page.merchants' } },
  { path: 'audit-log', component: () => import('./AuditLogPage.vue'), meta: { title: 'page.audit_log_all' } },
]
