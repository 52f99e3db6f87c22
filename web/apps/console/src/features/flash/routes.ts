import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [{ path: 'flash', component: () => import('./FlashPage.vue'), props: true, meta: { title: 'page.flash' } }]
