import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/', component: () => import('./HomePage.vue'), meta: { title: 'page.home', tab: 'home' } },
  {
    path: '/categories',
    component: () => import('./CategoriesPage.vue'),
    meta: { title: 'page.categories', tab: 'categories' },
  },
  { path: '/search', component: () => import('./SearchPage.vue'), meta: { title: 'page.search' } },
  { path: '/p/:product', component: () => import('./ProductPage.vue'), props: true, meta: { title: 'page.product' } },
  { path: '/m/:merchant', component: () => import('./MerchantPage.vue'), props: true, meta: { title: 'page.merchant' } },
]
