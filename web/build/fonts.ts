import type { Plugin } from 'vite'

/** Takes fonts of other sites out of the styles of libraries: our pages load nothing from elsewhere. */
export function ownFontsOnly(): Plugin {
  const elsewhere = /,\s*url\(["']?(?:https?:)?\/\/[^)]*\)\s*(?:format\([^)]*\))?/g
  return {
    name: 'tuan-own-fonts-only',
    enforce: 'pre',
    transform(code, id) {
      if (!id.split('?')[0]?.endsWith('.css') || !elsewhere.test(code)) return null
      return { code: code.replace(elsewhere, ''), map: null }
    },
  }
}
