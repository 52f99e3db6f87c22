import type { Plugin } from 'vite'

/**
 * Takes fonts of other sites out of the styles of libraries: our pages load nothing from elsewhere. The font of Vant's
 * icons, 30 kB of style that a page would wait for, goes too: the shop draws its own.
 */
export function ownFontsOnly(): Plugin {
  const elsewhere = /,\s*url\(["']?(?:https?:)?\/\/[^)]*\)\s*(?:format\([^)]*\))?/g
  return {
    name: 'tuan-own-fonts-only',
    enforce: 'pre',
    transform(code, id) {
      const file = id.split('?')[0] ?? ''
      if (/\/vant\/(?:es|lib)\/icon\/index\.css$/.test(file)) return { code: '', map: null }
      if (!file.endsWith('.css') || !elsewhere.test(code)) return null
      return { code: code.replace(elsewhere, ''), map: null }
    },
  }
}
