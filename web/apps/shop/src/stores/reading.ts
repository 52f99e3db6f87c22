import { defineStore } from 'pinia'
import { ref, watchEffect } from 'vue'

const KEY = 'tuan.large'

/** Large text: kept on this device, also switched on by an address with `large=1`, such as one behind a QR code. */
export const useReading = defineStore('reading', () => {
  const asked = new URLSearchParams(location.search).get('large')
  const isLarge = ref(asked === null ? localStorage.getItem(KEY) === '1' : asked === '1')
  watchEffect(() => {
    document.documentElement.classList.toggle('large', isLarge.value)
    if (isLarge.value) localStorage.setItem(KEY, '1')
    else localStorage.removeItem(KEY)
  })
  return { isLarge }
})
