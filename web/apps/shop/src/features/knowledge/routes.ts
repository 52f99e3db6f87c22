import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/p/:product/reviews', component: () => import('./ReviewsPage.vue'), props: true, meta: { title: 'page.reviews' } },
  { path: '/p/:product/questions', component: () => import('./QuestionsPage.vue'), props: true, meta: { title: 'page.questions' } },
  { path: '/questions/:post', component: () => import('./QuestionPage.vue'), props: true, meta: { title: 'page.question' } },
  { path: '/orders/:order/reviews', component: () => import('./OrderReviewsPage.vue'), props: true, meta: { title: 'page.order_reviews', member: true } },
  { path: '/me/posts', component: () => import('./MyPostsPage.vue'), meta: { title: 'page.my_posts', member: true } },
]
