import { api, take, takeAsGuest, type EntryPreview } from '@tuan/api'
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

/** The shared link this visit came by. */
export const useReach = defineStore('reach', () => {
  const sharedBy = shallowRef<EntryPreview | null>(null)

  /** Reports the visit. It must never stand in the way of the page, so failures are dropped. */
  async function touch(code: string): Promise<void> {
    try {
      await takeAsGuest(() => api.POST('/api/v1/touches', { body: { code } }))
      sharedBy.value = await take(api.GET('/api/v1/entries/{code}', { params: { path: { code } } }))
    } catch {
      sharedBy.value = null
    }
  }

  return { sharedBy, touch, dismiss: () => (sharedBy.value = null) }
})
