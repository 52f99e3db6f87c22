import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { mergeMessages, type Messages } from '@tuan/ui'
import { parse } from 'vue/compiler-sfc'
import { describe, expect, it } from 'vitest'
import consoleEn from '../apps/console/src/locales/en'
import consoleZh from '../apps/console/src/locales/zh-CN'
import shopEn from '../apps/shop/src/locales/en'
import shopZh from '../apps/shop/src/locales/zh-CN'
import sharedEn from '../packages/ui/src/locales/en'
import sharedZh from '../packages/ui/src/locales/zh-CN'

function keys(tree: Messages, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : keys(value, `${prefix}${key}.`),
  )
}

function texts(tree: Messages, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : texts(value, `${prefix}${key}.`),
  )
}

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return files(path)
    return /\.(vue|ts)$/.test(name) && !/\.(spec|d)\.ts$/.test(name) ? [path] : []
  })
}

const root = join(import.meta.dirname, '..')
const pairs: [string, Messages, Messages][] = [
  ['ui', sharedZh, sharedEn],
  ['shop', shopZh, shopEn],
  ['console', consoleZh, consoleEn],
]

describe('texts', () => {
  it.each(pairs)('%s: both languages have the same keys', (_, zh, en) => {
    expect(keys(en).sort()).toEqual(keys(zh).sort())
  })

  it.each(pairs)('%s: both languages fill in the same values', (_, zh, en) => {
    const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
    const english = new Map(texts(en))
    for (const [key, text] of texts(zh)) expect([key, holes(english.get(key) ?? '')]).toEqual([key, holes(text)])
  })

  // A module that keeps something about people says so in its personal.rs, with codes for what holds a person.
  it('shop: what is kept about people, and what holds them, has words', () => {
    const crates = join(root, '../crates')
    const sources = readdirSync(crates).map((name) => join(crates, name, 'src/personal.rs')).filter((file) => existsSync(file))
    const known = new Set(keys(shopZh))
    const named = sources.flatMap((file) => {
      const source = readFileSync(file, 'utf8')
      const kinds = [...source.matchAll(/name: "([a-z]+)\./g)].map((found) => `privacy.kind.${found[1]}`)
      const binds = source.slice(source.indexOf('fn binds')).matchAll(/"((?:[a-z]+)\.(?:[a-z_]+))"/g)
      return source.includes('fn binds') ? [...kinds, ...[...binds].map((found) => `privacy.bind.${found[1]}`)] : kinds
    })
    expect(new Set(named).size).toBeGreaterThan(20)
    expect(named.filter((key) => !known.has(key))).toEqual([])
  })

  it.each([
    ['shop', mergeMessages(sharedZh, shopZh)],
    ['console', mergeMessages(sharedZh, consoleZh)],
  ])('%s: every named text exists', (app, messages) => {
    const known = new Set(keys(messages))
    const missing: string[] = []
    for (const file of [...files(join(root, `apps/${app}/src`)), ...files(join(root, 'packages/ui/src'))]) {
      const source = readFileSync(file, 'utf8')
      const named = [
        ...source.matchAll(/\bt\(\s*'([\w.-]+)'/g),
        ...source.matchAll(/\b(?:title|key|label):\s*'([a-z_]+\.[\w.]+)'/g),
      ]
      for (const match of named) {
        const key = match[1] ?? ''
        if (!known.has(key)) missing.push(`${file.slice(root.length)}: ${key}`)
      }
    }
    expect(missing).toEqual([])
  })

  it('stands in no template', () => {
    const found: string[] = []
    type Node = { type: number; content?: unknown; children?: unknown[]; props?: unknown[]; branches?: unknown[]; tag?: string }
    const shownAttributes = new Set(['alt', 'title', 'label', 'placeholder', 'aria-label'])
    function visit(node: unknown, file: string): void {
      if (typeof node !== 'object' || node === null) return
      const { type, content, children, props } = node as Node
      if (type === 2 && typeof content === 'string' && /\p{L}/u.test(content)) found.push(`${file}: ${content.trim()}`)
      for (const prop of props ?? []) {
        const attribute = prop as { type: number; name: string; value?: { content: string } }
        if (attribute.type === 6 && shownAttributes.has(attribute.name) && /\p{L}/u.test(attribute.value?.content ?? '')) {
          found.push(`${file}: ${attribute.name}="${attribute.value?.content ?? ''}"`)
        }
      }
      for (const child of children ?? []) visit(child, file)
    }
    for (const file of [...files(join(root, 'apps')).filter((path) => !path.includes('node_modules')), ...files(join(root, 'packages/ui/src'))]) {
      if (!file.endsWith('.vue')) continue
      const { descriptor } = parse(readFileSync(file, 'utf8'))
      visit(descriptor.template?.ast, file.slice(root.length))
    }
    expect(found).toEqual([])
  })
})

describe('what the server refuses', () => {
  // Codes of refusals stand in the descriptions of the answers; of these nobody who looks at a page hears.
  const unseen = /^(callback|ledger)\.|\.not_found$|^idempotency\.|^auth\./
  const document = JSON.parse(readFileSync(join(root, '../openapi.json'), 'utf8')) as { paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>> }
  const codes = new Set<string>()
  for (const operations of Object.values(document.paths)) {
    for (const { responses } of Object.values(operations)) {
      for (const [status, { description }] of Object.entries(responses)) {
        if (Number(status) < 400) continue
        for (const [, code] of description.matchAll(/`([a-z_]+\.[a-z_]+)`/g)) if (code && !unseen.test(code)) codes.add(code)
      }
    }
  }

  it.each(pairs.slice(0, 1))('%s: has a text for each code', (_, zh) => {
    expect(codes.size).toBeGreaterThan(50)
    const known = new Set(keys(zh))
    expect([...codes].filter((code) => !known.has(`problem.${code}`))).toEqual([])
  })
})
