import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/cart', component: () => import('./CartPage.vue'), meta: { title: 'page.cart', tab: 'cart' } },
  { path: '/checkout', component: () => import('./CheckoutPage.vue'), meta: { title: 'page.checkout', member: true } },
  { path: '/orders', component: () => import('./OrdersPage.vue'), meta: { title: 'page.orders', member: true } },
  {
    path: '/orders/:order',
    component: () => import('./OrderPage.vue'),
    props: true,
    meta: { title: 'page.order', member: true },
  },
]
