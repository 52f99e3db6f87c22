import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const KINDS = new Set(['.js', '.css', '.html', '.svg', '.json', '.txt'])
const WORTH_IT = 1024

/** Writes `.gz` and `.br` next to each built text file, so that the server only picks one and never compresses. */
export function precompress(folder: string): Plugin {
  function walk(path: string): void {
    for (const name of readdirSync(path)) {
      if (name.startsWith('.')) continue
      const file = join(path, name)
      if (statSync(file).isDirectory()) walk(file)
      else if (KINDS.has(extname(name))) squeeze(file)
    }
  }
  function squeeze(file: string): void {
    const bytes = readFileSync(file)
    if (bytes.length < WORTH_IT) return
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
    writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
  }
  return { name: 'tuan-precompress', apply: 'build', closeBundle: () => walk(folder) }
}
