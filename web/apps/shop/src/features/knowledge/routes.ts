import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/p/:product/reviews', component: () => import('./ReviewsPage.vue'), props: true, meta: { title: 'page.reviews' } },
  { path: '/p/:product/questions', component: () => import('./QuestionsPage.vue'), props: true, meta: { title: 'page.questions' } },
  { path: '/questions/:post', component: () => import('./QuestionPage.vue'), props: true, meta: { title: 'page.question' } },
  { path: '/orders/:order/reviews', component: () => import('./OrderReviewsPage.vue'), props: true, meta: { title: 'page.order_reviews', member: true } },
  { path: '/me/posts', component: () => import('./MyPostsPage.vue'), meta: { title: 'page.my_posts', member: true } },
  { path: '/compare', component: () => import('./ComparePage.vue'), meta: { title: 'page.compare' } },
  { path: '/p/:product/wiki', component: () => import('./WikiPage.vue'), props: true, meta: { title: 'page.wiki' } },
  { path: '/p/:product/wiki/edit', component: () => import('./WikiEditPage.vue'), props: true, meta: { title: 'page.wiki_edit', member: true } },
  { path: '/p/:product/wiki/history', component: () => import('./WikiHistoryPage.vue'), props: true, meta: { title: 'page.wiki_history' } },
  { path: '/p/:product/wiki/:number(\\d+)', component: () => import('./WikiRevisionPage.vue'), props: true, meta: { title: 'page.wiki_history' } },
  { path: '/me/proposals', component: () => import('./MyProposalsPage.vue'), meta: { title: 'page.my_proposals', member: true } },
  { path: '/me/lists', component: () => import('./ListsPage.vue'), meta: { title: 'page.lists', member: true } },
  { path: '/lists/:list', component: () => import('./ListPage.vue'), props: true, meta: { title: 'page.list', member: true } },
  { path: '/l/:code', component: () => import('./ListJoinPage.vue'), props: true, meta: { title: 'page.list_join', member: true } },
]
