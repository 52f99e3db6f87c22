/** A random key. `randomUUID` exists in secure contexts only; a shop opened by a LAN address has just the random bytes. */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function idempotent(key: string): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': key }
}

/**
 * Keys for one kind of act. The same content gets the same key until the act is done, so that a retry after
 * a lost answer is the same act; other content is another act.
 */
export function actKeys() {
  let current: { content: string; key: string } | null = null
  return {
    keyFor(content: unknown): string {
      const text = JSON.stringify(content)
      if (current?.content !== text) current = { content: text, key: newKey() }
      return current.key
    },
    done(): void {
      current = null
    },
  }
}
