import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/me/wallet', component: () => import('./WalletPage.vue'), meta: { title: 'page.wallet', member: true } },
]
