import { useI18n } from 'vue-i18n'

/** What a tier or a card gives, in words. */
export function useRights(): (given: { off_bp: number; is_freight_free: boolean }) => string {
  const { t } = useI18n()
  return ({ off_bp, is_freight_free }) => {
    const given = off_bp > 0 ? [t('membership.off', { percent: off_bp / 100 })] : []
    if (is_freight_free) given.push(t('membership.freight'))
    return given.join(' · ') || t('membership.nothing')
  }
}
