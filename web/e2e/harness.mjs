// Starts one browser for a test file and opens pages in it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PHONE = { width: 390, height: 844 }

export async function startBrowser(base) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })

  /** Opens a page in a fresh context. Errors of the page fail the test through `page.errors`. */
  async function open(path, { locale = 'zh-CN', viewport = PHONE, context } = {}) {
    const own = context ?? (await browser.newContext({ locale, viewport, reducedMotion: 'reduce' }))
    const page = await own.newPage()
    page.errors = []
    count(page)
    page.on('pageerror', (error) => page.errors.push(String(error)))
    page.on('console', (message) => {
      // Refusals of the API are logged by the browser too; the pages show them.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) page.errors.push(message.text())
    })
    await page.goto(base + path)
    await settled(page)
    return page
  }
  return { browser, open, close: () => browser.close() }
}

const asked = new WeakMap()

/** Counts what a page has asked for and not got yet. */
function count(page) {
  const open = new Set()
  asked.set(page, open)
  page.on('request', (request) => open.add(request))
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => open.delete(request))
  // What a page that is left had asked for does not always end.
  page.on('framenavigated', (frame) => frame === page.mainFrame() && open.clear())
}

/** Waits until the page shows something, has nothing left to load, and has drawn what it got. */
export async function settled(page) {
  await page.waitForSelector('#main', { timeout: 10_000 })
  const open = asked.get(page)
  const until = Date.now() + 10_000
  for (let quiet = 0; quiet < 2 && Date.now() < until; ) {
    const isBusy = await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(document.querySelector('.skeleton') !== null || document.readyState !== 'complete')))),
    ).catch(() => true) // The page is being left for another one.
    quiet = isBusy || open.size > 0 ? 0 : quiet + 1
    if (quiet > 0) await new Promise((done) => setTimeout(done, 30))
  }
  assert.equal(await page.locator('.skeleton').count(), 0, `${page.url()} still loads`)
}

/** Fails on violations of WCAG 2.2 A and AA that axe calls serious or critical. */
export async function axeCheck(page) {
  // As tall as its content: what a bar at the edge happens to cover is no smaller for it.
  const view = page.viewportSize()
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  await page.setViewportSize({ ...view, height: Math.max(view.height, height) })
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource)
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    return violations
      .filter((item) => item.impact === 'serious' || item.impact === 'critical')
      .map((item) => `${item.id}: ${item.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`)
  })
  await page.setViewportSize(view)
  assert.deepEqual(found, [], await page.evaluate(() => location.pathname))
}

export async function noSideways(page) {
  const [wide, view] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
  assert.ok(wide <= view, `the page is ${wide} wide in a window of ${view}`)
}
