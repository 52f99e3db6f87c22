import { ApiProblem, type Explanation, type NextOffer } from '@tuan/api'
import { useI18n } from 'vue-i18n'
import { formatMoney } from '../money/money'

/** Texts for what the server says by code. An unknown code falls back to a general sentence and shows the code. */
export function useCodes() {
  const { t, te, locale } = useI18n()

  function problemText(problem: ApiProblem): string {
    const key = `problem.${problem.code}`
    if (te(key)) return t(key)
    if (problem.code.endsWith('.not_found')) return t('problem.not_found')
    return t('problem.unknown', { code: problem.code })
  }

  function codeText(prefix: string, code: string): string {
    const key = `${prefix}.${code}`
    return te(key) ? t(key) : code
  }

  function explanationText(explanation: Explanation): string {
    const code = explanation.code.replace(/^price\./, '')
    const key = `price.${code}`
    const lane = `price.lane.${explanation.lane}`
    if (!te(key)) return te(lane) ? t(lane) : explanation.code
    const params: Record<string, string> = {}
    for (const [name, value] of Object.entries(explanation.params)) {
      // Amounts come as minor units under names that end in _minor.
      params[name] =
        name.endsWith('_minor') && /^-?\d+$/.test(value)
          ? formatMoney({ amount_minor: Number(value), currency: explanation.amount.currency }, locale.value)
          : value
    }
    return t(key, params)
  }

  /** What a little more would bring, as one sentence. */
  function offerText(offer: NextOffer): string {
    const key = `price.next.${offer.code}`
    if (!te(key)) return ''
    return t(key, { missing: formatMoney(offer.missing, locale.value), saves: formatMoney(offer.saves, locale.value) })
  }

  return { problemText, codeText, explanationText, offerText }
}
