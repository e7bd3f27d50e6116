import type { Channel, FormLocale } from '../../sql/performance/services.ts';
import type { MeasureName, MissingInput } from '../../sql/reports/reports.ts';

/** The words of the public page of a service, in each of its languages. */
export type PageText = {
  title: string;
  lead: string;
  measures: Record<MeasureName, string>;
  none: string;
  provisional: string;
  of: string;
  cost_of: string;
  responses: string;
  ratings: readonly [string, string, string, string, string];
  flags: Record<string, string>;
  missing: string;
  missing_lead: string;
  /** What a report can lack, and why. */
  inputs: Record<MissingInput['input'], string>;
  reasons: Record<string, string>;
  /** `{channel}` of the reason `paper-not-known` and the like. */
  unknown: string;
  channels: Record<Channel, string>;
  /** By the parameter of digital take-up. */
  assisted: Record<'included' | 'excluded', string>;
  time: string;
  period: string;
  method: string;
  assumptions: string;
  changes: string;
  was: string;
  final: string;
  revisions: string;
  revision: string;
  published: string;
  older: string;
  data: string;
};

const EN: PageText = {
  title: 'Performance',
  lead: 'How this service performed in {period}',
  measures: {
    user_satisfaction: 'User satisfaction',
    completion_rate_period: 'Completion rate',
    completion_rate_cohort: 'Completion rate of those who started',
    digital_take_up: 'Digital take-up',
    cost_per_transaction: 'Cost per transaction',
  },
  none: 'Not available',
  provisional: 'Provisional',
  of: '{numerator} of {denominator}',
  cost_of: '{numerator} for {denominator} transactions in twelve months',
  responses: '{n} ratings',
  ratings: ['Very dissatisfied', 'Dissatisfied', 'Neither satisfied nor dissatisfied', 'Satisfied', 'Very satisfied'],
  flags: {
    'over-100-percent': 'More journeys were completed than started in this period.',
    'missing-months': 'Numbers of some months are missing.',
    'restated-counts': 'Some numbers were corrected after they were first recorded.',
    'default-costs': 'Some costs are the usual ones of the service, not those of the month.',
    'mixed-currencies': 'Costs are in more than one currency.',
    'no-journey': 'Journeys are not measured.',
    'journeys-not-collected': 'Journeys are still being counted.',
    'no-ratings': 'Nobody gave a rating.',
    'no-starts': 'No journey started in this period.',
    'no-transactions': 'Nothing was completed in this period.',
    'no-costs': 'No costs are recorded.',
    'open-period': 'The period has not ended.',
    'open-cohort': 'Journeys that started in this period can still be completed.',
  },
  missing: 'What is missing',
  missing_lead: 'A number that is missing is not counted as zero. The figures that need it are not available.',
  inputs: {
    channel_counts: 'Transactions',
    costs: 'Costs',
    assisted_digital: 'Transactions completed online with help',
    journeys: 'Journeys',
  },
  reasons: {
    'not-recorded': 'not recorded',
    'connector-failing': 'the system that has them does not answer',
    'not-collected': 'still being counted',
    'no-journey': 'not measured',
  },
  unknown: '{channel}: not known',
  channels: { online: 'online', paper: 'paper', phone: 'telephone', other: 'other channels' },
  assisted: {
    included: 'Transactions completed online with help count as digital.',
    excluded: 'Transactions completed online with help do not count as digital.',
  },
  time: 'Over time',
  period: 'Period',
  method: 'How the figures are computed',
  assumptions: 'Assumptions',
  changes: 'What changed since the revision before',
  was: '{before} became {after}',
  final: 'no longer provisional',
  revisions: 'All revisions',
  revision: 'Revision {n}',
  published: 'Published',
  older: 'There is a newer revision of this period.',
  data: 'Data',
};

const CY: PageText = {
  title: 'Perfformiad',
  lead: 'Sut y perfformiodd y gwasanaeth hwn yn {period}',
  measures: {
    user_satisfaction: 'Boddhad defnyddwyr',
    completion_rate_period: 'Cyfradd gwblhau',
    completion_rate_cohort: 'Cyfradd gwblhau’r rhai a ddechreuodd',
    digital_take_up: 'Defnydd digidol',
    cost_per_transaction: 'Cost fesul trafodyn',
  },
  none: 'Ddim ar gael',
  provisional: 'Dros dro',
  of: '{numerator} o {denominator}',
  cost_of: '{numerator} am {denominator} o drafodion mewn deuddeg mis',
  responses: '{n} o sgoriau',
  ratings: ['Anfodlon iawn', 'Anfodlon', 'Ddim yn fodlon nac yn anfodlon', 'Bodlon', 'Bodlon iawn'],
  flags: {
    'over-100-percent': 'Cwblhawyd mwy o deithiau nag a ddechreuwyd yn y cyfnod hwn.',
    'missing-months': 'Mae rhifau rhai misoedd ar goll.',
    'restated-counts': 'Cywirwyd rhai rhifau ar ôl eu cofnodi gyntaf.',
    'default-costs': 'Costau arferol y gwasanaeth yw rhai o’r costau, nid rhai’r mis.',
    'mixed-currencies': 'Mae costau mewn mwy nag un arian cyfred.',
    'no-journey': 'Nid yw teithiau’n cael eu mesur.',
    'journeys-not-collected': 'Mae teithiau’n dal i gael eu cyfrif.',
    'no-ratings': 'Ni roddodd neb sgôr.',
    'no-starts': 'Ni ddechreuodd unrhyw daith yn y cyfnod hwn.',
    'no-transactions': 'Ni chwblhawyd dim yn y cyfnod hwn.',
    'no-costs': 'Nid oes costau wedi’u cofnodi.',
    'open-period': 'Nid yw’r cyfnod wedi dod i ben.',
    'open-cohort': 'Gellir cwblhau teithiau a ddechreuodd yn y cyfnod hwn o hyd.',
  },
  missing: 'Beth sydd ar goll',
  missing_lead: 'Nid yw rhif sydd ar goll yn cael ei gyfrif fel sero. Nid yw’r ffigurau sydd ei angen ar gael.',
  inputs: {
    channel_counts: 'Trafodion',
    costs: 'Costau',
    assisted_digital: 'Trafodion a gwblhawyd ar-lein gyda chymorth',
    journeys: 'Teithiau',
  },
  reasons: {
    'not-recorded': 'heb eu cofnodi',
    'connector-failing': 'nid yw’r system sydd â hwy yn ateb',
    'not-collected': 'yn dal i gael eu cyfrif',
    'no-journey': 'heb eu mesur',
  },
  unknown: '{channel}: anhysbys',
  channels: { online: 'ar-lein', paper: 'papur', phone: 'ffôn', other: 'sianeli eraill' },
  assisted: {
    included: 'Mae trafodion a gwblhawyd ar-lein gyda chymorth yn cyfrif fel rhai digidol.',
    excluded: 'Nid yw trafodion a gwblhawyd ar-lein gyda chymorth yn cyfrif fel rhai digidol.',
  },
  time: 'Dros amser',
  period: 'Cyfnod',
  method: 'Sut mae’r ffigurau’n cael eu cyfrifo',
  assumptions: 'Tybiaethau',
  changes: 'Beth newidiodd ers y fersiwn flaenorol',
  was: 'Aeth {before} yn {after}',
  final: 'nid yw’n ffigur dros dro mwyach',
  revisions: 'Pob fersiwn',
  revision: 'Fersiwn {n}',
  published: 'Cyhoeddwyd',
  older: 'Mae fersiwn fwy newydd o’r cyfnod hwn.',
  data: 'Data',
};

const PT: PageText = {
  title: 'Desempenho',
  lead: 'O desempenho deste serviço em {period}',
  measures: {
    user_satisfaction: 'Satisfação dos usuários',
    completion_rate_period: 'Taxa de conclusão',
    completion_rate_cohort: 'Taxa de conclusão de quem começou',
    digital_take_up: 'Uso do canal digital',
    cost_per_transaction: 'Custo por transação',
  },
  none: 'Não disponível',
  provisional: 'Provisório',
  of: '{numerator} de {denominator}',
  cost_of: '{numerator} por {denominator} transações em doze meses',
  responses: '{n} avaliações',
  ratings: ['Muito insatisfeito', 'Insatisfeito', 'Nem satisfeito nem insatisfeito', 'Satisfeito', 'Muito satisfeito'],
  flags: {
    'over-100-percent': 'Mais jornadas foram concluídas do que iniciadas neste período.',
    'missing-months': 'Faltam números de alguns meses.',
    'restated-counts': 'Alguns números foram corrigidos depois do primeiro registro.',
    'default-costs': 'Alguns custos são os habituais do serviço, não os do mês.',
    'mixed-currencies': 'Os custos estão em mais de uma moeda.',
    'no-journey': 'As jornadas não são medidas.',
    'journeys-not-collected': 'As jornadas ainda estão sendo contadas.',
    'no-ratings': 'Ninguém deu uma nota.',
    'no-starts': 'Nenhuma jornada começou neste período.',
    'no-transactions': 'Nada foi concluído neste período.',
    'no-costs': 'Não há custos registrados.',
    'open-period': 'O período ainda não terminou.',
    'open-cohort': 'Jornadas iniciadas neste período ainda podem ser concluídas.',
  },
  missing: 'O que falta',
  missing_lead: 'Um número que falta não conta como zero. Os números que precisam dele não estão disponíveis.',
  inputs: {
    channel_counts: 'Transações',
    costs: 'Custos',
    assisted_digital: 'Transações concluídas na internet com ajuda',
    journeys: 'Jornadas',
  },
  reasons: {
    'not-recorded': 'não registradas',
    'connector-failing': 'o sistema que as tem não responde',
    'not-collected': 'ainda em contagem',
    'no-journey': 'não medidas',
  },
  unknown: '{channel}: sem informação',
  channels: { online: 'internet', paper: 'papel', phone: 'telefone', other: 'outros canais' },
  assisted: {
    included: 'Transações concluídas na internet com ajuda contam como digitais.',
    excluded: 'Transações concluídas na internet com ajuda não contam como digitais.',
  },
  time: 'Ao longo do tempo',
  period: 'Período',
  method: 'Como os números são calculados',
  assumptions: 'Premissas',
  changes: 'O que mudou desde a revisão anterior',
  was: '{before} passou a {after}',
  final: 'não é mais provisório',
  revisions: 'Todas as revisões',
  revision: 'Revisão {n}',
  published: 'Publicado',
  older: 'Há uma revisão mais nova deste período.',
  data: 'Dados',
};

export const PAGE_WORDS: Record<FormLocale, PageText> = { en: EN, cy: CY, 'pt-BR': PT };
