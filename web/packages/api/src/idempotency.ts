import { ApiProblem } from './problem'

/** A random key. `randomUUID` exists in secure contexts only; a shop opened by a LAN address has just the random bytes. */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function idempotent(key: string): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': key }
}

/** Whether the server has decided, so that asking again with the same key would bring the same refusal for ever. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof ApiProblem) || error.status < 400 || error.status >= 500) return false
  // The first is decided a moment later; the second may come from a proxy after the server had the request.
  return !['idempotency.in_flight', 'server.unexpected'].includes(error.code)
}

/**
 * Keys for one kind of act. The same content gets the same key until there is an answer, so that a retry after
 * a lost answer is the same act; other content, or trying again after a refusal, is another act.
 */
export function actKeys() {
  let current: { content: string; key: string } | null = null
  return {
    async once<T>(content: unknown, act: (headers: { 'Idempotency-Key': string }) => Promise<T>): Promise<T> {
      const text = JSON.stringify(content)
      if (current?.content !== text) current = { content: text, key: newKey() }
      try {
        const done = await act(idempotent(current.key))
        current = null
        return done
      } catch (error) {
        if (isFinal(error)) current = null
        throw error
      }
    },
  }
}
