import type { Plugin } from 'vite'

/** Names the texts of the default language in the page itself, so that they come with the program and not after it. */
export function preloadTexts(): Plugin {
  return {
    name: 'preload-texts',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle }) {
        const texts = Object.values(bundle ?? {}).filter(
          (file) => file.type === 'chunk' && file.facadeModuleId?.endsWith('/locales/zh-CN.ts'),
        )
        return texts.map((file) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file.fileName}` },
          injectTo: 'head' as const,
        }))
      },
    },
  }
}
