import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/me', component: () => import('./MePage.vue'), meta: { title: 'page.me', tab: 'me' } },
  { path: '/sign-in', component: () => import('./SignInPage.vue'), meta: { title: 'page.sign_in' } },
  { path: '/me/addresses', component: () => import('./AddressesPage.vue'), meta: { title: 'page.addresses', member: true } },
  { path: '/me/account', component: () => import('./AccountPage.vue'), meta: { title: 'page.account', member: true } },
  { path: '/me/security', component: () => import('./SecurityPage.vue'), meta: { title: 'page.security', member: true } },
  { path: '/me/privacy', component: () => import('./PrivacyPage.vue'), meta: { title: 'page.privacy', member: true } },
  { path: '/me/devices', component: () => import('./DevicesPage.vue'), meta: { title: 'page.devices', member: true } },
]
