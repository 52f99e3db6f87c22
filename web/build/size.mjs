// Adds up the script the first page needs, compressed: the entry, what it imports at once, and the route it opens.
// Usage: node size.mjs <dist> <limit in kB>
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const [dist = 'dist', limitText = '170'] = process.argv.slice(2)
const limit = Number(limitText) * 1000
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))

const files = new Set()
function add(key) {
  const chunk = manifest[key]
  if (!chunk || files.has(chunk.file)) return
  files.add(chunk.file)
  for (const imported of chunk.imports ?? []) add(imported)
}
for (const [key, chunk] of Object.entries(manifest)) {
  // The first route and the default language are loaded at once, though the code names them lazily.
  const first = /\/(HomePage|DashboardPage|ShellPage)\.vue$/.test(key) || key.endsWith('locales/zh-CN.ts')
  if (chunk.isEntry || first) add(key)
}

let total = 0
for (const file of files) {
  if (!file.endsWith('.js')) continue
  const size = gzipSync(readFileSync(join(dist, file)), { level: 9 }).length
  total += size
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${file}`)
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  of ${limit / 1000} kB`)
if (total === 0 || total > limit) {
  console.error(total === 0 ? 'no script found' : 'the first load is above its limit')
  process.exit(1)
}
