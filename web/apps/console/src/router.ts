import { createRouter, createWebHistory, type RouteRecordRaw, type Router } from 'vue-router'
import { operatorRoutes as aftersaleOperator, routes as aftersale } from './features/aftersale/routes'
import { routes as catalog } from './features/catalog/routes'
import { routes as coupons } from './features/coupons/routes'
import { routes as deals } from './features/deals/routes'
import { routes as flash } from './features/flash/routes'
import { routes as invoices } from './features/invoices/routes'
import { routes as insight } from './features/insight/routes'
import { operatorRoutes as knowledgeOperator, routes as knowledge } from './features/knowledge/routes'
import { operatorRoutes as ledgerOperator, routes as ledger } from './features/ledger/routes'
import { routes as membership } from './features/membership/routes'
import { routes as points } from './features/points/routes'
import { routes as orders } from './features/orders/routes'
import { operatorRoutes as peopleOperator, routes as people } from './features/people/routes'
import { operatorRoutes as searchOperator, routes as search } from './features/search/routes'
import { routes as pricing } from './features/pricing/routes'
import { routes as reach } from './features/reach/routes'
import { operatorRoutes as settlementOperator, routes as settlement } from './features/settlement/routes'
import { routes as stock } from './features/stock/routes'
import { useSession } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's title. */
    title?: string
    /** Open without being signed in. */
    open?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', component: () => import('./features/people/SignInPage.vue'), meta: { title: 'page.sign_in', open: true } },
  {
    path: '/',
    component: () => import('./parts/ShellPage.vue'),
    children: [
      { path: '', component: () => import('./features/people/StartPage.vue'), meta: { title: 'page.start' } },
      {
        path: 'm/:merchant',
        component: () => import('./parts/MerchantFrame.vue'),
        props: true,
        children: [...insight, ...catalog, ...stock, ...pricing, ...membership, ...coupons, ...points, ...orders, ...aftersale, ...knowledge, ...deals, ...reach, ...ledger, ...settlement, ...flash, ...invoices, ...people, ...search],
      },
      { path: 'security', component: () => import('./features/people/SecurityPage.vue'), meta: { title: 'page.security' } },
      { path: 'operator', children: [...aftersaleOperator, ...knowledgeOperator, ...settlementOperator, ...ledgerOperator, ...peopleOperator, ...searchOperator] },
      { path: ':rest(.*)*', component: () => import('./parts/MissingPage.vue'), meta: { title: 'page.missing' } },
    ],
  },
]

export function createConsoleRouter(t: (key: string) => string): Router {
  const router = createRouter({
    history: createWebHistory('/console/'),
    routes,
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
  })
  router.beforeEach(async (to) => {
    const session = useSession()
    await session.ensure()
    if (!to.meta.open && !session.me && !session.failed) return { path: '/sign-in', query: { next: to.fullPath } }
    return true
  })
  router.afterEach((to, from, failure) => {
    if (failure) return
    document.title = `${t(to.meta.title ?? 'page.start')} · ${t('app.name')}`
    if (from.matched.length > 0 && to.path !== from.path) document.querySelector<HTMLElement>('#main')?.focus()
  })
  return router
}
