import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router'
import { routes as aftersale } from './features/aftersale/routes'
import { routes as catalog } from './features/catalog/routes'
import { routes as coupons } from './features/coupons/routes'
import { routes as deals } from './features/deals/routes'
import { routes as knowledge } from './features/knowledge/routes'
import { routes as ledger } from './features/ledger/routes'
import { routes as flash } from './features/flash/routes'
import { routes as invoices } from './features/invoices/routes'
import { routes as membership } from './features/membership/routes'
import { routes as points } from './features/points/routes'
import { routes as orders } from './features/orders/routes'
import { routes as payments } from './features/payments/routes'
import { routes as people } from './features/people/routes'
import { routes as reach } from './features/reach/routes'
import { routes as settlement } from './features/settlement/routes'
import { useReach } from './stores/reach'
import { useSession } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's title. */
    title: string
    /** The tab this page belongs to; pages without one hide the tab bar. */
    tab?: 'home' | 'categories' | 'cart' | 'me'
    /** Needs a person with a phone; visitors are sent to sign in and come back. */
    member?: boolean
  }
}

const missing: RouteRecordRaw = {
  path: '/:rest(.*)*',
  component: () => import('./features/catalog/MissingPage.vue'),
  meta: { title: 'page.missing' },
}

export function createShopRouter(t: (key: string) => string): Router {
  const router = createRouter({
    history: createWebHistory('/'),
    routes: [...catalog, ...deals, ...orders, ...aftersale, ...knowledge, ...payments, ...reach, ...people, ...ledger, ...settlement, ...flash, ...invoices, ...membership, ...coupons, ...points, missing],
    scrollBehavior: (to, from, saved) => {
      if (saved) return saved
      return to.path === from.path ? undefined : { top: 0 }
    },
  })

  router.beforeEach(async (to) => {
    // A shared link carries its code as `e`. It is reported once and then taken off the address, so that a copied
    // address does not credit the wrong person.
    const code = to.query.e
    if (typeof code === 'string' && code !== '') {
      void useReach().touch(code)
      const { e: _, ...query } = to.query
      return { path: to.path, query, hash: to.hash, replace: true }
    }
    if (to.meta.member) {
      const session = useSession()
      await session.ensure()
      // Who could not be recognised is not sent to sign in: that might fail as well, and would not be needed.
      if (!session.isMember && !session.failed) return { path: '/sign-in', query: { next: to.fullPath } }
    }
    return true
  })

  router.afterEach((to, from, failure) => {
    if (failure) return
    document.title = `${t(to.meta.title)} · ${t('app.name')}`
    // A screen reader hears the new page; on the first page the browser does this itself.
    if (from.matched.length > 0 && to.path !== from.path) document.querySelector<HTMLElement>('#main')?.focus()
  })

  // After a new release an open page may ask for a script that is gone; the page is then loaded anew, once.
  router.onError((error, to) => {
    if (!/dynamically imported module|Importing a module script failed/.test(String(error))) return
    const mark = 'tuan.reloaded'
    if (sessionStorage.getItem(mark) === to.fullPath) return
    sessionStorage.setItem(mark, to.fullPath)
    location.assign(to.fullPath)
  })
  return router
}
