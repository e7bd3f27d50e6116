import type { Described } from '../http/operation.ts';

const tag = 'Privacy';

export const privacySpecs = {
  records: {
    operationId: 'listProcessingRecords',
    tag,
    summary: 'List records of processing',
    description:
      'Returns the record of processing (LGPD art. 37) of each event type in its newest version; `missing` marks a type without one, `unregistered` a type that was only sent. It needs a key with the scope tenant-admin. `Accept: text/csv` gives all of them as one file.',
    example: {
      query: { limit: '20' },
      answer: {
        data: [
          {
            type: 'com.example.order.placed.v1',
            version: 1,
            description: 'An order was placed in the shop.',
            subject: 'pseudonymised',
            personal_fields: ['/email'],
            processing: {
              purpose: 'Show how long orders take.',
              legal_basis: 'legitimate_interest',
              data_categories: ['contact'],
              storage_country: 'BR',
            },
            created_at: '2026-11-29T20:17:12.304Z',
            record: 'given',
          },
        ],
        next_cursor: null,
      },
      texts: {
        'text/csv':
          'type,version,record,purpose,legal_basis,data_categories,data_subjects,retention_days,storage_country,recipients,subject,personal_fields\r\n"com.example.order.placed.v1",1,"given","Show how long orders take.","legitimate_interest","contact",,,"BR",,"pseudonymised","/email"\r\n',
      },
    },
  },
  destroyKey: {
    operationId: 'destroyPseudonymKey',
    tag,
    summary: 'Destroy the key of all pseudonyms',
    description:
      'Destroys the key with which the pseudonyms of the key’s own tenant are made: stored pseudonyms can then be traced to nobody. It needs a key with the scope tenant-admin and cannot be undone. Withdrawals of consent end with it, and the next event makes a new key.',
    problems: ['not-found'],
    example: { answer: { key_created_at: '2026-11-29T20:17:11.883Z', withdrawals_deleted: 0 } },
  },
} satisfies Record<string, Described>;
