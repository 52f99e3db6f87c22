import type { CouponGift, CouponGrowth, Money } from '@tuan/api'
import { useI18n } from 'vue-i18n'
import { formatMoney } from '../money/money'

/** What a coupon gives and asks for, in words. */
export function useCoupon() {
  const { t, locale } = useI18n()
  const money = (minor: number): string => formatMoney({ amount_minor: minor, currency: 'CNY' }, locale.value)

  function giftText(gift: CouponGift): string {
    if (gift.kind === 'cash') return t('coupon.gift.cash', { off: money(gift.off_minor) })
    if (gift.kind === 'percent') return t('coupon.gift.percent', { percent: gift.off_bp / 100, cap: money(gift.cap_minor) })
    return t('coupon.gift.freight', { cap: money(gift.cap_minor) })
  }

  function termsText(of: { threshold: Money; is_stacking: boolean; scope: { categories?: string[]; products?: string[]; skus?: string[] } }): string {
    const some = [of.scope.categories, of.scope.products, of.scope.skus].some((ids) => (ids?.length ?? 0) > 0)
    const from = of.threshold.amount_minor > 0 ? t('coupon.from', { threshold: formatMoney(of.threshold, locale.value) }) : t('coupon.any')
    return [from, ...(some ? [t('coupon.some')] : []), of.is_stacking ? t('coupon.stacking') : t('coupon.alone')].join(' · ')
  }

  function growthText(growth: CouponGrowth | null | undefined): string {
    if (!growth) return ''
    const words = []
    if (growth.per_friend_minor > 0) words.push(t('coupon.grows_friend', { step: money(growth.per_friend_minor) }))
    if (growth.per_day_minor > 0) words.push(t('coupon.grows_day', { step: money(growth.per_day_minor) }))
    return [...words, t('coupon.grows_to', { to: money(growth.to_minor) })].join(' · ')
  }

  return { giftText, termsText, growthText, money }
}
