import { mergeMessages, setupI18n } from '@tuan/ui'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import AppRoot from './AppRoot.vue'
import { createShopRouter } from './router'
import '@tuan/ui/tokens.css'
import './shop.css'

async function start(): Promise<void> {
  const router = createShopRouter((key) => i18n.global.t(key))
  // The page's own script is on its way while the texts are.
  for (const { components } of router.resolve(location.pathname + location.search).matched) {
    const page = components?.default
    if (typeof page === 'function') void (page as () => Promise<unknown>)().catch(() => undefined)
  }
  const i18n = await setupI18n({
    'zh-CN': async () => {
      const [shared, own] = await Promise.all([import('@tuan/ui/locales/zh-CN'), import('./locales/zh-CN')])
      return mergeMessages(shared.default, own.default)
    },
    en: async () => {
      const [shared, own] = await Promise.all([import('@tuan/ui/locales/en'), import('./locales/en')])
      return mergeMessages(shared.default, own.default)
    },
  })
  createApp(AppRoot).use(createPinia()).use(i18n).use(router).mount('#app')
}

void start()
