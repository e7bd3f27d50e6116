import type { FormLocale } from '../../sql/performance/services.ts';

type FormWords = Record<FormLocale, string>;

/** The words of the feedback form. `{}` is the name of the service. */
export const FORM_WORDS = {
  title: { en: 'Give feedback on {}', cy: 'Rhowch adborth ar {}', 'pt-BR': 'Avalie o serviço {}' },
  question: {
    en: 'Overall, how did you feel about the service you received today?',
    cy: 'Yn gyffredinol, sut oeddech chi’n teimlo am y gwasanaeth a gawsoch heddiw?',
    'pt-BR': 'No geral, como você se sentiu com o atendimento que recebeu hoje?',
  },
  rating_5: { en: 'Very satisfied', cy: 'Bodlon iawn', 'pt-BR': 'Muito satisfeito' },
  rating_4: { en: 'Satisfied', cy: 'Bodlon', 'pt-BR': 'Satisfeito' },
  rating_3: {
    en: 'Neither satisfied nor dissatisfied',
    cy: 'Ddim yn fodlon nac yn anfodlon',
    'pt-BR': 'Nem satisfeito nem insatisfeito',
  },
  rating_2: { en: 'Dissatisfied', cy: 'Anfodlon', 'pt-BR': 'Insatisfeito' },
  rating_1: { en: 'Very dissatisfied', cy: 'Anfodlon iawn', 'pt-BR': 'Muito insatisfeito' },
  improve: {
    en: 'How could we improve this service? (optional)',
    cy: 'Sut allem ni wella’r gwasanaeth hwn? (dewisol)',
    'pt-BR': 'Como podemos melhorar este serviço? (opcional)',
  },
  hint: {
    en: 'Do not include any personal or financial information, such as your National Insurance number or credit card details. You can enter up to 1,200 characters.',
    cy: 'Peidiwch â chynnwys unrhyw wybodaeth bersonol neu ariannol, fel eich rhif Yswiriant Gwladol neu fanylion eich cerdyn credyd. Gallwch roi hyd at 1,200 nod.',
    'pt-BR':
      'Não inclua dados pessoais ou financeiros, como seu CPF ou os dados do seu cartão de crédito. Você pode escrever até 1.200 caracteres.',
  },
  send: { en: 'Send feedback', cy: 'Anfon adborth', 'pt-BR': 'Enviar avaliação' },
  leave_empty: {
    en: 'Leave this field empty',
    cy: 'Gadewch y maes hwn yn wag',
    'pt-BR': 'Deixe este campo vazio',
  },
  problem: { en: 'There is a problem', cy: 'Mae problem', 'pt-BR': 'Há um problema' },
  error: { en: 'Error', cy: 'Gwall', 'pt-BR': 'Erro' },
  no_rating: {
    en: 'Choose how you felt about the service',
    cy: 'Dewiswch sut oeddech chi’n teimlo am y gwasanaeth',
    'pt-BR': 'Escolha como você se sentiu com o atendimento',
  },
  too_long: {
    en: 'Your comment must be 1,200 characters or less',
    cy: 'Rhaid i’ch sylw fod yn 1,200 nod neu lai',
    'pt-BR': 'Seu comentário deve ter no máximo 1.200 caracteres',
  },
  again: {
    en: 'Your feedback has not been sent yet. Select ‘Send feedback’ again',
    cy: 'Nid yw eich adborth wedi’i anfon eto. Dewiswch ‘Anfon adborth’ eto',
    'pt-BR': 'Sua avaliação ainda não foi enviada. Escolha ‘Enviar avaliação’ de novo',
  },
  limited: {
    en: 'Too much feedback was sent from your network. Wait a minute, then send it again',
    cy: 'Anfonwyd gormod o adborth o’ch rhwydwaith. Arhoswch funud, yna anfonwch ef eto',
    'pt-BR': 'Foram enviadas avaliações demais da sua rede. Espere um minuto e envie de novo',
  },
  thanks: { en: 'Thank you for your feedback', cy: 'Diolch am eich adborth', 'pt-BR': 'Obrigado pela sua avaliação' },
  thanks_text: {
    en: 'We use it to improve {}. You can close this page.',
    cy: 'Rydym yn ei ddefnyddio i wella {}. Gallwch gau’r dudalen hon.',
    'pt-BR': 'Usamos as avaliações para melhorar {}. Você já pode fechar esta página.',
  },
  languages: { en: 'Language', cy: 'Iaith', 'pt-BR': 'Idioma' },
} satisfies Record<string, FormWords>;

/** The languages of the form, each in its own. */
export const LANGUAGES: FormWords = { en: 'English', cy: 'Cymraeg', 'pt-BR': 'Português' };
