// Somebody with a browser of their own: a phone or a desk, a language, cookies that nobody else has.
import assert from 'node:assert/strict'
import { axeCheck, noSideways, settled } from '../harness.mjs'
import { words } from './acts.mjs'

const DESK = { width: 1280, height: 800 }
const shots = process.env.SHOTS
let taken = 0

export async function newPerson(browser, { locale = 'zh-CN', desk = false, path = '/' } = {}) {
  const page = await browser.open(path, { locale, ...(desk ? { viewport: DESK } : {}) })
  page.setDefaultTimeout(10_000)
  const person = {
    page,
    say: words[locale],
    /** Goes to an address of the shop or the console. */
    async go(to) {
      await page.goto(new URL(to, page.url()).href)
      await settled(page)
    },
    /** What every page must be, wherever the flow has come to. */
    async look(name) {
      await settled(page)
      if (shots) {
        taken += 1
        await page.screenshot({ path: `${shots}/${String(taken).padStart(2, '0')}_${name}.png` })
      }
      assert.deepEqual(page.errors, [], name)
      await noSideways(page)
      await axeCheck(page)
    },
    button: (name, options) => page.getByRole('button', { name, exact: true, ...options }),
    link: (name, options) => page.getByRole('link', { name, ...options }),
    text: (text) => page.getByText(text).first().waitFor(),
    /** Looks again until the text is there: the server works off what is due in the background. */
    async comes(text, limit = 15_000) {
      const until = Date.now() + limit
      for (;;) {
        const found = await page.getByText(text).first().waitFor({ timeout: 700 }).then(() => true, () => false)
        if (found) return
        if (Date.now() > until) assert.fail(`${page.url()} does not show ${text}: ${(await page.locator('#main').innerText()).slice(0, 600)}`)
        await page.reload()
        await settled(page)
      }
    },
    leave: () => page.context().close(),
  }
  return person
}

/** An amount as a page shows it, in minor units. */
export function minor(text) {
  const found = /(-?)\s*[¥￥]?\s*(-?)\s*([\d,]+)(?:\.(\d{2}))?/.exec(text)
  assert.ok(found, `no amount in ${text}`)
  const [, before, after, whole, rest] = found
  const value = Number(whole.replaceAll(',', '')) * 100 + Number(rest ?? 0)
  return before || after ? -value : value
}
