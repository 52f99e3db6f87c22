import { fileURLToPath } from 'node:url'
import { VantResolver } from '@vant/auto-import-resolver'
import vue from '@vitejs/plugin-vue'
import components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vite'
import { ownFontsOnly } from '../../build/fonts'
import { preloadTexts } from '../../build/preload'
import { precompress } from '../../build/precompress'

const server = 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/',
  plugins: [
    ownFontsOnly(),
    vue(),
    preloadTexts(),
    components({ dirs: [], dts: 'src/components.d.ts', resolvers: [VantResolver()] }),
    precompress(fileURLToPath(new URL('dist', import.meta.url))),
  ],
  define: {
    __VUE_OPTIONS_API__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    target: 'es2022',
    manifest: true,
    sourcemap: false,
    // A phone waits for each small file about as long as for a large one.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'kit', test: /node_modules\/(?:vant|@vant)\// }, { name: 'parts', test: /src\/(?:parts|stores)\/|packages\/(?:ui|api)\/src\/(?!locales)/ }] } } },
  },
  server: { proxy: { '/api': server, '/media': server, '/s/': server, '/sandbox': server } },
})
