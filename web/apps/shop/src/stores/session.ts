import { api, ApiProblem, asProblem, take, type Demo, type Me } from '@tuan/api'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

/** Who is here, and how many things are in the cart. Visitors without a session are nobody until they need one. */
export const useSession = defineStore('session', () => {
  const me = shallowRef<Me | null>(null)
  const demo = shallowRef<Demo | null>(null)
  const cartCount = ref(0)
  /** Why it is not known who is here. */
  const failed = shallowRef<ApiProblem | null>(null)
  let asked: Promise<void> | null = null

  async function askDemo(): Promise<void> {
    try {
      demo.value = await take(api.GET('/api/v1/demo'))
    } catch {
      // Not in demo mode: there is nothing at that address.
      demo.value = null
    }
  }

  async function askMe(): Promise<void> {
    try {
      me.value = await take(api.GET('/api/v1/me'))
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.code !== 'auth.required') throw error
      me.value = null
    }
  }

  async function askCart(): Promise<void> {
    if (!me.value) {
      cartCount.value = 0
      return
    }
    try {
      cartCount.value = (await take(api.GET('/api/v1/cart'))).count
    } catch {
      // The number on the tab is an extra; the cart page itself shows what went wrong.
    }
  }

  async function refresh(): Promise<void> {
    await askMe()
    await askCart()
  }

  /** Asks the server once; later calls wait for the same answer. */
  function ensure(): Promise<void> {
    asked ??= Promise.all([askDemo(), askMe()]).then(
      () => {
        failed.value = null
        // No page waits for a number on a tab.
        void askCart()
      },
      (error: unknown) => {
        // Pages for members say so; the next call asks again.
        failed.value = asProblem(error)
        asked = null
      },
    )
    return asked
  }

  async function signOut(): Promise<void> {
    try {
      await take(api.POST('/api/v1/sessions/sign-out'))
    } catch (error) {
      // Ended elsewhere: there is nothing left to end.
      if (!(error instanceof ApiProblem) || error.code !== 'auth.required') throw error
    }
    me.value = null
    cartCount.value = 0
  }

  return {
    me,
    demo,
    cartCount,
    failed,
    isMember: computed(() => me.value !== null && !me.value.is_guest),
    ensure,
    refresh,
    signOut,
  }
})
