import { mergeMessages, setupI18n } from '@tuan/ui'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import AppRoot from './AppRoot.vue'
import { createShopRouter } from './router'
import '@tuan/ui/tokens.css'
import './shop.css'

async function start(): Promise<void> {
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
  createApp(AppRoot).use(createPinia()).use(i18n).use(createShopRouter(i18n.global.t)).mount('#app')
}

void start()
