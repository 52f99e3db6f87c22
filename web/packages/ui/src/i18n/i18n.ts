import { createI18n, type I18n } from 'vue-i18n'

export const LOCALES = ['zh-CN', 'en'] as const
export type Locale = (typeof LOCALES)[number]
export type Messages = { [key: string]: string | Messages }
type Loaders = Record<Locale, () => Promise<Messages>>
type Plugin = I18n<Record<string, never>, Record<string, never>, Record<string, never>, string, false>

const STORED = 'tuan.locale'

export function isLocale(value: unknown): value is Locale {
  return LOCALES.some((locale) => locale === value)
}

/** What the person chose before, else what the browser asks for; Chinese unless English comes first. */
export function preferredLocale(): Locale {
  let stored: string | null = null
  try {
    stored = localStorage.getItem(STORED)
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  if (isLocale(stored)) return stored
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh-CN'
}

let plugin: Plugin | null = null
let loaders: Loaders | null = null
const loaded = new Set<Locale>()

/** Loads the language's texts, if not here yet, and shows them. */
export async function setLocale(locale: Locale): Promise<void> {
  if (!plugin || !loaders) return
  if (!loaded.has(locale)) {
    plugin.global.setLocaleMessage(locale, (await loaders[locale]()) as Record<string, never>)
    loaded.add(locale)
  }
  plugin.global.locale.value = locale
  document.documentElement.lang = locale
  try {
    localStorage.setItem(STORED, locale)
  } catch {
    // See preferredLocale.
  }
}

export async function setupI18n(from: Loaders): Promise<Plugin> {
  loaders = from
  plugin = createI18n({ legacy: false, locale: 'zh-CN', messages: {} }) as unknown as Plugin
  await setLocale(preferredLocale())
  return plugin
}

/** Joins message trees; a later tree adds to an earlier one. */
export function mergeMessages(...trees: Messages[]): Messages {
  const merged: Messages = {}
  for (const tree of trees) {
    for (const [key, value] of Object.entries(tree)) {
      const before = merged[key]
      merged[key] =
        typeof value === 'object' && typeof before === 'object' ? mergeMessages(before, value) : value
    }
  }
  return merged
}
