// How the shop feels on a phone: CPU four times slower, a 4G network, nothing kept from before.
// node e2e/speed.mjs ADDRESS [RUNS]: ADDRESS serves a demo store; prints the medians as JSON, and fails above the limits.
import { chromium } from 'playwright-core'

const [base, runs = '5'] = process.argv.slice(2)
if (!base) throw new Error('usage: node e2e/speed.mjs ADDRESS [RUNS]')
const LIMITS = { lcp_ms: 2000, inp_ms: 200, cls: 0.05 }
/** 9 Mbit/s both ways and 170 ms there and back. */
const NETWORK = { offline: false, latency: 170, downloadThroughput: 9e6 / 8, uploadThroughput: 9e6 / 8 }
const PHONE = { width: 390, height: 844 }
const get = async (path) => (await fetch(`${base}/api/v1${path}`)).json()
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
const tap = (page, name) => page.getByRole('button', { name }).first().click()

const { items: together } = await get('/products?together=true&limit=1')
const activity = await get(`/products/${together[0].id}/activity`)
const { items: teams } = await get(`/activities/${activity.id}/teams`)
const pages = {
  home: ['/', (page) => page.locator('.diamonds a').first().click()],
  categories: ['/categories', (page) => page.locator('.rail a').nth(3).click()],
  product: [`/p/${together[0].id}`, async (page) => {
    await tap(page, /发起拼单$/)
    await page.getByRole('dialog').getByRole('button').nth(1).click()
    await page.keyboard.press('Escape')
    await tap(page, '分享')
  }],
  ...(teams[0] ? { team: [`/t/${teams[0].id}`, (page) => page.locator('.product').click()] } : {}),
  sign_in: ['/sign-in', async (page) => {
    await tap(page, '密码登录')
    await page.locator('input[name=phone]').pressSequentially('138000')
  }],
}

/** Runs in the page, before anything of it. */
function watch() {
  const seen = { lcp: 0, cls: 0, inp: 0 }
  globalThis.seen = seen
  const on = (type, each, more = {}) => new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true, ...more })
  on('largest-contentful-paint', (entry) => (seen.lcp = entry.startTime))
  on('layout-shift', (entry) => entry.hadRecentInput || (seen.cls += entry.value))
  on('event', (entry) => entry.interactionId && (seen.inp = Math.max(seen.inp, entry.duration)), { durationThreshold: 16 })
}

async function once(browser, [path, act]) {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: PHONE, deviceScaleFactor: 2, hasTouch: true, isMobile: true })
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', NETWORK)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  let bytes = 0
  let requests = 0
  devtools.on('Network.loadingFinished', (event) => ((bytes += event.encodedDataLength), (requests += 1)))
  await page.addInitScript(watch)
  await page.goto(base + path)
  await page.waitForLoadState('networkidle')
  const loaded = await page.evaluate(() => ({ lcp: globalThis.seen.lcp, cls: globalThis.seen.cls }))
  const size = { bytes, requests }
  await act(page)
  await page.waitForLoadState('networkidle')
  const { inp, cls } = await page.evaluate(() => globalThis.seen)
  await context.close()
  return { lcp_ms: Math.round(loaded.lcp), inp_ms: Math.round(inp), cls: Math.max(loaded.cls, cls), ...size }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
const figures = {}
for (const [name, how] of Object.entries(pages)) {
  const taken = []
  for (let run = 0; run < Number(runs); run += 1) taken.push(await once(browser, how))
  figures[name] = Object.fromEntries(Object.keys(taken[0]).map((key) => [key, median(taken.map((figure) => figure[key]))]))
  figures[name].cls = Math.round(figures[name].cls * 1000) / 1000
}
await browser.close()
const missed = Object.entries(figures).flatMap(([name, figure]) =>
  Object.entries(LIMITS).filter(([key, limit]) => figure[key] > limit).map(([key]) => `${name}: ${key} ${figure[key]} above ${LIMITS[key]}`),
)
console.log(JSON.stringify({ network: '9 Mbit/s, 170 ms', cpu_slowdown: 4, runs: Number(runs), limits: LIMITS, pages: figures, missed }, null, 2))
process.exitCode = missed.length > 0 ? 1 : 0
