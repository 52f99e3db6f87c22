// The real server in a folder of its own: filled with the demo, served on a free port, checked, stopped.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const exec = promisify(execFile)

async function freePort() {
  const probe = createServer()
  await new Promise((done) => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address()
  await new Promise((done) => probe.close(done))
  return port
}

/** Fills a store and serves it: a file, or the empty PostgreSQL database that E2E_DATABASE names. `program` is the binary. */
export async function startReal(program) {
  const dir = await mkdtemp(join(tmpdir(), 'tuan-e2e-'))
  const store = ['--dir', dir, ...(process.env.E2E_DATABASE ? ['--database', process.env.E2E_DATABASE] : [])]
  const run = (...args) => exec(program, [...args, ...store], { maxBuffer: 1 << 26 })
  await run('demo', '--no-serve')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(program, ['serve', ...store, '--listen', `127.0.0.1:${port}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const log = []
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log.push(text)
    if (log.length > 2000) log.shift()
  })
  const ended = new Promise((done) => child.once('exit', done))
  const stop = async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await answers(url, child)
  } catch (error) {
    await stop()
    throw new Error(`${error.message}\n${log.join('')}`, { cause: error })
  }

  /** Every invariant holds. */
  async function audit() {
    await run('admin', 'audit').catch((error) => assert.fail(`the audit fails (${error.code}):\n${error.stdout}\n${error.stderr}`))
  }
  /** Moves the server's clock on. */
  async function pass(seconds) {
    const reply = await fetch(`${url}/api/v1/demo/clock/advance`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ seconds }),
    })
    assert.equal(reply.status, 200, await reply.text())
  }
  return { url, dir, audit, pass, stop, log: () => log.join('') }
}

async function answers(url, child) {
  const until = Date.now() + 30_000
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const reply = await fetch(`${url}/readyz`).catch(() => null)
    if (reply?.ok) return
    await sleep(50)
  }
  throw new Error('the server does not come up')
}
