import { api, ApiProblem, asProblem, take, type Demo, type Me, type Membership, type Right } from '@tuan/api'
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

export const useSession = defineStore('session', () => {
  const me = shallowRef<Me | null>(null)
  const demo = shallowRef<Demo | null>(null)
  /** Why it is not known who is here. */
  const failed = shallowRef<ApiProblem | null>(null)
  let asked: Promise<void> | null = null

  async function refresh(): Promise<void> {
    try {
      const found = await take(api.GET('/api/v1/me'))
      me.value = found.is_guest ? null : found
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.code !== 'auth.required') throw error
      me.value = null
    }
  }

  async function askDemo(): Promise<void> {
    // Outside demo mode there is nothing at that address.
    demo.value = await take(api.GET('/api/v1/demo')).catch(() => null)
  }

  function ensure(): Promise<void> {
    asked ??= Promise.all([askDemo(), refresh()]).then(
      () => {
        failed.value = null
      },
      (error: unknown) => {
        failed.value = asProblem(error)
        asked = null
      },
    )
    return asked
  }

  function membership(merchant: string): Membership | null {
    return me.value?.merchants.find((item) => item.id === merchant) ?? null
  }

  /** Only for what to show; the server decides what is allowed. */
  function can(merchant: string, right: Right): boolean {
    const found = membership(merchant)
    return found !== null && (found.role === 'owner' || found.rights.includes(right))
  }

  async function signOut(): Promise<void> {
    try {
      await take(api.POST('/api/v1/sessions/sign-out'))
    } catch (error) {
      // Ended elsewhere: there is nothing left to end.
      if (!(error instanceof ApiProblem) || error.code !== 'auth.required') throw error
    }
    me.value = null
  }

  return { me, demo, failed, ensure, refresh, membership, can, signOut }
})
