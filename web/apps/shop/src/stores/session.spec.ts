import type { Me } from '@tuan/api'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useSession } from './session'

const answer = (status: number, code: string) =>
  new Response(JSON.stringify({ status, code }), { status, headers: { 'content-type': 'application/problem+json' } })

afterEach(() => void vi.restoreAllMocks())

describe('signing out', () => {
  it('is done when the session had ended already, and not when it failed', async () => {
    setActivePinia(createPinia())
    const session = useSession()
    const asked = vi.spyOn(globalThis, 'fetch')
    session.me = { id: 'per_1' } as Me
    asked.mockResolvedValue(answer(503, 'store.unavailable'))
    await expect(session.signOut()).rejects.toMatchObject({ code: 'store.unavailable' })
    expect(session.me).not.toBeNull()
    asked.mockResolvedValue(answer(401, 'auth.required'))
    await session.signOut()
    expect(session.me).toBeNull()
  })
})
