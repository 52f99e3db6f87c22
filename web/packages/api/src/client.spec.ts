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
  it('stay until there is an answer, and change with the content', async () => {
    const keys = actKeys()
    const used: string[] = []
    const act = (content: unknown, problem?: { code: string; status?: number }) =>
      keys
        .once(content, (headers) => {
          used.push(headers['Idempotency-Key'])
          return problem ? Promise.reject(new ApiProblem(problem)) : Promise.resolve(true)
        })
        .catch(() => false)
    await act({ a: 1 }, { code: 'network.unreachable' })
    await act({ a: 1 }, { code: 'request.timeout', status: 503 })
    await act({ a: 1 }, { code: 'idempotency.in_flight', status: 409 })
    // The server answers a key that it has refused with the same refusal for ever.
    await act({ a: 1 }, { code: 'stock.short', status: 409 })
    await act({ a: 1 }, { code: 'network.unreachable' })
    await act({ a: 2 })
    await act({ a: 2 })
    const [first, second, third, fourth, fifth, ...rest] = used
    expect([second, third, fourth]).toEqual([first, first, first])
    expect(new Set([first, fifth, ...rest]).size).toBe(4)
  })

  it('are made without a secure context too', () => {
    vi.spyOn(globalThis, 'crypto', 'get').mockReturnValue({
      getRandomValues: (bytes: Uint8Array) => bytes.fill(171),
    } as unknown as Crypto)
    expect(newKey()).toBe('ab'.repeat(16))
  })
})
