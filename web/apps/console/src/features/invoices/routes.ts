import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'invoices', component: () => import('./InvoicesPage.vue'), props: true, meta: { title: 'page.invoices' } },
  { path: 'red-letters', component: () => import('./LettersPage.vue'), props: true, meta: { title: 'page.red_letters' } },
  { path: 'invoice-terms', component: () => import('./TermsPage.vue'), props: true, meta: { title: 'page.invoice_terms' } },
]
