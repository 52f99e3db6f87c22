import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: 'products', component: () => import('./ProductsPage.vue'), props: true, meta: { title: 'page.products' } },
  { path: 'products/new', component: () => import('./ProductPage.vue'), props: true, meta: { title: 'page.product_new' } },
  { path: 'products/import', component: () => import('./ImportPage.vue'), props: true, meta: { title: 'page.import' } },
  { path: 'products/:product', component: () => import('./ProductPage.vue'), props: true, meta: { title: 'page.product' } },
]
