import type { FormLocale } from '../../sql/performance/services.ts';
import type { ReportMethod } from '../../sql/reports/reports.ts';

// Translations of version 1 of the method, sentence by sentence. A report keeps the English text.
const TRANSLATED: Partial<Record<FormLocale, ReportMethod>> = {
  cy: {
    version: '1',
    measures: {
      user_satisfaction:
        'Sgoriau o 1 (anfodlon iawn) i 5 (bodlon iawn). Y ffigur yw (sgôr gymedrig − 1) / 4, fel canran: 0 os yw pawb yn anfodlon iawn, 100 os yw pawb yn fodlon iawn. Y rhifiadur yw swm (sgôr − 1) / 4, a’r enwadur yw nifer y sgoriau. Mae cyfnodau hirach yn adio sgoriau; nid ydynt byth yn cymryd cymedr o ffigurau.',
      completion_rate_period:
        'Teithiau a gwblhawyd yn y cyfnod, wedi’u rhannu â’r teithiau a ddechreuodd ynddo, fel canran. Mae taith a ddechreuodd ddydd Llun ac a gwblhawyd ddydd Iau yn cyfrif ddydd Iau. Felly gall y gyfradd fod dros 100 y cant; yna mae’n cael ei nodi.',
      completion_rate_cohort:
        'O’r teithiau a ddechreuodd yn y cyfnod, y gyfran a gwblhawyd o fewn terfyn y drafft, fel canran. Mae’n ffigur dros dro nes bod yr olaf ohonynt wedi’i chwblhau neu wedi mynd heibio’r terfyn. Nid yw byth dros 100 y cant.',
      digital_take_up:
        'Trafodion a gwblhawyd ar-lein, wedi’u rhannu â’r trafodion a gwblhawyd ym mhob sianel (ar-lein, papur, ffôn, arall) yn yr un misoedd calendr, fel canran.',
      cost_per_transaction:
        'Cost pob sianel, wedi’i rhannu â’r trafodion a gwblhawyd ym mhob sianel, dros y deuddeg mis sy’n gorffen gyda’r cyfnod.',
    },
    assumptions: [
      'Misoedd calendr yng nghylchfa amser y gwasanaeth yw’r misoedd.',
      'Nid yw taith a ailddechreuwyd yn ddechrau newydd. Mae taith yn gyflawn pan gaiff ei chwblhau gyntaf. Mae drafft na chaiff ei gwblhau o fewn y terfyn wedi methu.',
      'Y trafodion ar-lein yw’r teithiau a gwblhawyd, oni bai bod rhif wedi’i gofnodi ar gyfer y mis.',
      'Mae rhifau sianeli eraill a chostau yn cael eu cofnodi â llaw, eu mewnforio, neu eu nôl o system arall. Mae mis neu sianel heb rif ar goll, nid yn sero, ac nid oes ffigur sydd ei angen.',
      'Nid oes trafodion gan sianel nad oes gan y gwasanaeth. Mae mis heb ei gostau ei hun ar gyfer sianel yn cael cost arferol y gwasanaeth, a nodir hynny.',
      'Mae trafodion y cafodd rhywun gymorth i’w cwblhau ar-lein yn ddigidol, oni bai bod y ffigur yn dweud fel arall.',
      'Mae rhifau a gywirir yn ddiweddarach yn cael eu hailddatgan: mae’r ffigurau cynharach yn aros, ac mae fersiwn newydd yn dweud beth newidiodd.',
      'Rhoddir adborth o ddewis, felly nid yw’r bobl sy’n rhoi sgôr yn sampl ar hap.',
    ],
  },
  'pt-BR': {
    version: '1',
    measures: {
      user_satisfaction:
        'Notas de 1 (muito insatisfeito) a 5 (muito satisfeito). O resultado é (nota média − 1) / 4, em porcentagem: 0 se todos estão muito insatisfeitos, 100 se todos estão muito satisfeitos. O numerador é a soma de (nota − 1) / 4; o denominador, o número de notas. Períodos mais longos somam notas; nunca fazem média de resultados.',
      completion_rate_period:
        'Jornadas concluídas no período, divididas pelas jornadas iniciadas nele, em porcentagem. Uma jornada iniciada na segunda-feira e concluída na quinta-feira conta na quinta-feira. Por isso a taxa pode passar de 100 por cento; quando passa, isso é indicado.',
      completion_rate_cohort:
        'Das jornadas iniciadas no período, a parte concluída dentro do limite do rascunho, em porcentagem. É provisória até que a última delas seja concluída ou passe do limite. Nunca passa de 100 por cento.',
      digital_take_up:
        'Transações concluídas na internet, divididas pelas transações concluídas em todos os canais (internet, papel, telefone, outros) nos mesmos meses do calendário, em porcentagem.',
      cost_per_transaction:
        'O custo de todos os canais, dividido pelas transações concluídas em todos os canais, nos doze meses que terminam com o período.',
    },
    assumptions: [
      'Os meses são os do calendário, no fuso horário do serviço.',
      'Uma jornada retomada não é um novo início. Uma jornada está completa na sua primeira conclusão. Um rascunho que não é concluído dentro do limite falhou.',
      'As transações na internet são as jornadas concluídas, a não ser que um número tenha sido registrado para o mês.',
      'Os números dos outros canais e os custos são registrados à mão, importados ou buscados em outro sistema. Um mês ou um canal sem número está em falta, nunca é zero, e o resultado que precisa dele não existe.',
      'Um canal que o serviço não tem não tem transações. Um mês sem custos próprios de um canal usa o custo habitual do serviço, e isso é indicado.',
      'Transações que alguém recebeu ajuda para concluir na internet são digitais, a não ser que o resultado diga o contrário.',
      'Números corrigidos depois são refeitos às claras: os resultados anteriores permanecem, e uma nova revisão diz o que mudou.',
      'A avaliação é voluntária; por isso, quem avalia não é uma amostra aleatória.',
    ],
  },
};

/** How the figures are computed, in the reader's language where this version of the method is translated. */
export function methodText(method: ReportMethod, locale: FormLocale): ReportMethod {
  const translated = TRANSLATED[locale];
  return translated?.version === method.version ? translated : method;
}
