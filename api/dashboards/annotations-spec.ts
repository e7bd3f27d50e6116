import type { Described } from '../http/operation.ts';

const tag = 'Dashboards';
const NOTE = { time: '2026-11-27T14:00:00.000Z', text: 'Release 4.2: new image rules' };
const SHOWN = {
  id: '01a228f4-559b-72a3-9c02-e194b6f37879',
  ...NOTE,
  dashboard: null,
  created_at: '2026-11-29T20:17:13.031Z',
};

/** Notes on charts. */
export const annotationSpecs = {
  create: {
    operationId: 'createAnnotation',
    tag,
    summary: 'Create an annotation',
    description:
      'Notes what happened at a moment, such as a release or an incident. It needs a key with the scope tenant-admin or admin. Charts of times in the console show it as a mark, on one dashboard or on all of the key’s own tenant; links for people without a key do not.',
    problems: ['not-found', 'annotation-limit'],
    example: { body: NOTE, answer: SHOWN },
  },
  list: {
    operationId: 'listAnnotations',
    tag,
    summary: 'List annotations',
    description:
      'Returns the annotations of the key’s own tenant, oldest first. It needs a key with the scope read, tenant-admin or admin. `from` and `to` narrow them to a window, `dashboard` to those that one dashboard shows.',
    problems: [],
    example: {
      query: { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z', dashboard: 'validations-overview' },
      answer: { data: [SHOWN], next_cursor: null },
    },
  },
  delete: {
    operationId: 'deleteAnnotation',
    tag,
    summary: 'Delete an annotation',
    description:
      'Deletes an annotation of the key’s own tenant. It needs a key with the scope tenant-admin or admin. Charts no longer show it.',
    problems: ['not-found'],
    example: { params: { id: SHOWN.id } },
  },
} satisfies Record<string, Described>;
