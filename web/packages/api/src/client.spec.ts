import { afterEach, describe, expect, it, vi } from 'vitest'
import { actKeys, api, ApiProblem, newKey, take, takeAsGuest } from './index'

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
const refusal = { type: 'about:blank', status: 401, code: 'auth.required', detail: '', request_id: 'r1' }

afterEach(() => void vi.restoreAllMocks())

describe('client', () => {
  it('throws the problem of a refusal', async () => {
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(json(401, refusal))
    await expect(take(api.GET('/api/v1/cart'))).rejects.toMatchObject({ code: 'auth.required', status: 401 })
  })

  it('names a lost connection', async () => {
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('failed'))
    await expect(take(api.GET('/api/v1/cart'))).rejects.toMatchObject({ code: 'network.unreachable' })
  })

  it('does not take a page of a proxy for an answer', async () => {
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('<html>', { status: 502 }))
    await expect(take(api.GET('/api/v1/cart'))).rejects.toBeInstanceOf(ApiProblem)
  })

  it('becomes a guest once, for all calls that need it', async () => {
    const asked: string[] = []
    let guest = false
    vi.spyOn(globalThis, 'fetch').mockImplementation((input) => {
      const url = new URL(input instanceof Request ? input.url : String(input), 'http://localhost').pathname
      asked.push(url)
      if (url.endsWith('/sessions/guest')) {
        guest = true
        return Promise.resolve(json(201, {}))
      }
      return Promise.resolve(guest ? json(200, { count: 0 }) : json(401, refusal))
    })
    const cart = () => takeAsGuest(() => api.GET('/api/v1/cart'))
    await Promise.all([cart(), cart()])
    expect(asked.filter((url) => url.endsWith('/sessions/guest'))).toHaveLength(1)
  })
})

describe('idempotency keys', () => {
  it('stay for the same act and change with its content', () => {
    const keys = actKeys()
    const first = keys.keyFor({ a: 1 })
    expect(keys.keyFor({ a: 1 })).toBe(first)
    expect(keys.keyFor({ a: 2 })).not.toBe(first)
    const second = keys.keyFor({ a: 2 })
    keys.done()
    expect(keys.keyFor({ a: 2 })).not.toBe(second)
  })

  it('are made without a secure context too', () => {
    vi.spyOn(globalThis, 'crypto', 'get').mockReturnValue({
      getRandomValues: (bytes: Uint8Array) => bytes.fill(171),
    } as unknown as Crypto)
    expect(newKey()).toBe('ab'.repeat(16))
  })
})
