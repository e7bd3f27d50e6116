import { escaped } from '../../lib/html.ts';
import { LEGAL_BASES, type Processing } from '../../sql/event-types/event-types.ts';
import type { Locale } from '../pages/html.ts';
import { wordsIn } from './admin-parts.ts';
import { type FormState, field } from './forms.ts';

const WORDS = {
  title: { en: 'Record of processing (LGPD art. 37)', 'pt-BR': 'Registro de tratamento (LGPD art. 37)' },
  about: { en: 'Leave the purpose empty where there is none.', 'pt-BR': 'Deixe a finalidade vazia se não houver.' },
  purpose: { en: 'Purpose', 'pt-BR': 'Finalidade' },
  legal_basis: { en: 'Legal basis', 'pt-BR': 'Base legal' },
  data_categories: { en: 'Categories of data, with commas', 'pt-BR': 'Categorias de dados, com vírgulas' },
  data_subjects: { en: 'Whose data, with commas', 'pt-BR': 'De quem são os dados, com vírgulas' },
  recipients: { en: 'Recipients, with commas', 'pt-BR': 'Destinatários, com vírgulas' },
  retention_days: { en: 'Kept for, in days', 'pt-BR': 'Mantidos por, em dias' },
  storage_country: { en: 'Country where they are stored, such as BR', 'pt-BR': 'País onde ficam, como BR' },
  consent: { en: 'Consent', 'pt-BR': 'Consentimento' },
  legal_obligation: { en: 'Legal obligation', 'pt-BR': 'Obrigação legal' },
  public_policy: { en: 'Public policy', 'pt-BR': 'Políticas públicas' },
  research: { en: 'Research', 'pt-BR': 'Pesquisa' },
  contract: { en: 'Contract', 'pt-BR': 'Contrato' },
  legal_claims: { en: 'Legal claims', 'pt-BR': 'Exercício de direitos em processo' },
  protection_of_life: { en: 'Protection of life', 'pt-BR': 'Proteção da vida' },
  health_protection: { en: 'Protection of health', 'pt-BR': 'Tutela da saúde' },
  legitimate_interest: { en: 'Legitimate interest', 'pt-BR': 'Legítimo interesse' },
  credit_protection: { en: 'Protection of credit', 'pt-BR': 'Proteção do crédito' },
} as const;

/** The fields of a record of processing. A fault of one of them is named by the group, as the call names the record. */
export function processingFields(found: Processing | null, locale: Locale, state: FormState): string {
  const text = wordsIn(WORDS, locale);
  const fault = state.faults.get('processing');
  const list = (name: 'data_categories' | 'data_subjects' | 'recipients') =>
    field({ name, label: text(name), value: found?.[name]?.join(', ') ?? '' }, state);
  const bases = LEGAL_BASES.map((one) => [one, text(one)] as const);
  return `<details class="processing"${found || fault || state.values.purpose ? ' open' : ''}><summary>${escaped(text('title'))}</summary>
<p class="hint">${escaped(text('about'))}</p>${fault ? `<p class="fault">${escaped(fault)}</p>` : ''}
${field({ name: 'purpose', label: text('purpose'), value: found?.purpose ?? '' }, state)}
${field({ name: 'legal_basis', label: text('legal_basis'), value: found?.legal_basis ?? 'consent', options: bases }, state)}
${list('data_categories')}${list('data_subjects')}${list('recipients')}
${field({ name: 'retention_days', label: text('retention_days'), type: 'number', value: String(found?.retention_days ?? '') }, state)}
${field({ name: 'storage_country', label: text('storage_country'), value: found?.storage_country ?? '' }, state)}
</details>`;
}

/** The record that the fields say; none without a purpose. */
export function processingOf(values: Record<string, string>): { processing?: object } {
  if (!values.purpose) return {};
  const words = (name: string) =>
    (values[name] ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean);
  const [subjects, recipients] = [words('data_subjects'), words('recipients')];
  return {
    processing: {
      purpose: values.purpose,
      legal_basis: values.legal_basis,
      data_categories: words('data_categories'),
      storage_country: values.storage_country ?? '',
      ...(subjects.length > 0 && { data_subjects: subjects }),
      ...(recipients.length > 0 && { recipients }),
      ...(values.retention_days && { retention_days: Number(values.retention_days) }),
    },
  };
}
