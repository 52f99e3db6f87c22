import { defineStore } from 'pinia'
import { ref } from 'vue'

export const useToast = defineStore('toast', () => {
  const text = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined
  function show(message: string): void {
    text.value = message
    clearTimeout(timer)
    timer = setTimeout(() => (text.value = ''), 3000)
  }
  return { text, show }
})
