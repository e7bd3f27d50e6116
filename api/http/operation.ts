import type { ProblemCode } from './problem-codes.ts';

/** The sections of the API document, in the order in which they are shown. */
export const TAGS = {
  Events: 'Send events as CloudEvents 1.0 and read them back. A receipt says what became of each event, after it is stored.',
  'Event types': 'The JSON Schema, the personal fields and the record of processing of each type of event.',
  Quarantine: 'Input that was refused, kept as it was sent with the reason, and sent again once the cause is mended.',
  Metrics:
    'Numbers over roll-ups: counts, ratios and percentiles, by hour, day, week or month, grouped and filtered by dimension.',
  'Data quality':
    'A score for each day of data, the checks behind it, and the nightly comparison of receipts with stored events.',
  Exports: 'All rows of a window: streamed at once, or written into files by a job, with a manifest of counts and checksums.',
  Imports: 'Documents, kept as they came, and the rows that importers make of them; read again whenever the rules change.',
  'Test results': 'Documents of scanning machines at schools, and the figures of each test.',
  Dashboards: 'Dashboards, the rows of their cards, and links with which people without a key see one of them.',
  Alerts: 'Rules that watch a metric, the webhooks and e-mail addresses that are told, and the log of what was sent.',
  Performance:
    'Public services of a tenant: their feedback, the journeys of the people who use them, and the measures of how they perform.',
  Benchmarks: "A tenant's own metric beside rounded quartiles of a cohort of tenants that agreed to be counted.",
  Objectives: 'The promised numbers of the platform itself: target, measured value and error budget.',
  Privacy: 'Access, erasure and withdrawal of consent for one person; records of processing; the key of all pseudonyms.',
  Archive: 'How long raw events are kept as files outside the database, and the files of the own tenant.',
  Audit: 'Who changed what, and when.',
  Tenants: 'The customers of the platform. For its operator.',
  Keys: 'API keys and PostgreSQL logins of a tenant.',
  Members: 'People who sign in for a tenant, their sessions and one-time links.',
  Platform: 'Health, failed jobs, pages for people, and this document.',
} as const;

export type Tag = keyof typeof TAGS;

/** One request and its answer, taken from a real call. */
export type Example = {
  /** Path parameters. */
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  /** Bodies in other media types, by media type. */
  bodies?: Readonly<Record<string, unknown>>;
  answer?: unknown;
  /** Answers that are not JSON, by media type. */
  texts?: Readonly<Record<string, string>>;
};

/** The words of a call in the document; path, scopes and schemas are beside its handler. */
export type Described = {
  /** Must never change: generated clients name their functions after it. */
  operationId: string;
  tag: Tag;
  /** A few words, for a list of calls. */
  summary: string;
  /** Two to four sentences: what the call does, who may make it, what to know. */
  description: string;
  /** Refusals that are specific to this call; problemsOf() adds the common ones. */
  problems?: readonly ProblemCode[];
  example: Example;
};
