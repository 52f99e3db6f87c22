export { default as AvatarMark } from './components/AvatarMark.vue'
export { default as DiffLines } from './components/DiffLines.vue'
export { default as PictureBox } from './components/PictureBox.vue'
export { toneOf, type Tone } from './components/tone'
export {
  isLocale,
  LOCALES,
  mergeMessages,
  preferredLocale,
  setLocale,
  setupI18n,
  type Locale,
  type Messages,
} from './i18n/i18n'
export { useCodes } from './i18n/problem'
export { default as EmptyState } from './load/EmptyState.vue'
export { default as ErrorState } from './load/ErrorState.vue'
export { default as ListView } from './load/ListView.vue'
export { default as LoadView } from './load/LoadView.vue'
export { default as ProblemLine } from './load/ProblemLine.vue'
export { default as RetryLine } from './load/RetryLine.vue'
export { default as SkeletonBlock } from './load/SkeletonBlock.vue'
export { useAct, useLoad, usePages, type Load, type Loadable, type Pages } from './load/load'
export { useCoupon } from './i18n/coupon'
export { decimalToMinor, formatMinor, formatMoney, minorToDecimal, plus } from './money/money'
export { default as MoneyText } from './money/MoneyText.vue'
export { orderStateKey, returned, returnedKey, type Returned } from './order/state'
export { default as SecurityPanel } from './security/SecurityPanel.vue'
export { default as StepUpDialog } from './security/StepUpDialog.vue'
export { default as CountDown } from './time/CountDown.vue'
export { default as TimeText } from './time/TimeText.vue'
export { formatDay, formatTime, remaining, useRemaining, type Remaining } from './time/time'
