import type { Described } from '../http/operation.ts';

const TENANT_ID = '01a228f4-5595-7155-9a06-57b71e520445';
const KEY = {
  id: '01a228f4-5e67-72ab-8c09-51d027b72f23',
  name: 'shop backend',
  prefix: 'mir_read_1AYc',
  scopes: ['read'],
  expires_at: '2027-11-29T00:00:00.000Z',
};
const LOGIN = {
  id: '01a228f4-5e75-734d-87b4-e7644e1c0e83',
  name: 'Power BI',
  login: 'mirante_sql_2k8x0d69gfeiojeb',
  connection_limit: 5,
  statement_timeout_seconds: 60,
  expires_at: null,
};

const tag = 'Keys';
const params = { id: TENANT_ID };

/** API keys, and PostgreSQL logins. */
export const keySpecs = {
  create: {
    operationId: 'createKey',
    tag,
    summary: 'Create a key',
    description:
      'Creates an API key of a tenant; the key itself is shown in this answer only. It needs a key with the scope admin, or tenant-admin for the own tenant. Only the operator’s own tenant can have keys with the scope admin.',
    problems: ['not-found', 'tenant-offboarding'],
    example: {
      params,
      body: { name: KEY.name, scopes: KEY.scopes, expires_at: '2027-11-29T00:00:00Z' },
      answer: { ...KEY, key: 'mir_read_1AYcuY8yeNqb208C5BQQF24Z-K95jYaT' },
    },
  },
  list: {
    operationId: 'listKeys',
    tag,
    summary: 'List keys',
    description:
      'Returns the keys of a tenant, oldest first, without the keys themselves; expired and revoked ones are among them. It needs a key with the scope admin, or tenant-admin for the own tenant.',
    problems: ['not-found'],
    example: {
      params,
      query: { limit: '20' },
      answer: {
        data: [
          {
            ...KEY,
            created_at: '2026-11-29T20:17:11.065Z',
            revoked_at: null,
            last_used_at: '2026-11-29T20:17:12.196Z',
          },
        ],
        next_cursor: null,
      },
    },
  },
  revoke: {
    operationId: 'revokeKey',
    tag,
    summary: 'Revoke a key',
    description:
      'Revokes a key: no request with it is accepted any more, and its links to dashboards and files end. It needs a key with the scope admin, or tenant-admin for the own tenant. A revoked key stays in the list and cannot be restored.',
    problems: ['not-found'],
    example: { params: { ...params, keyId: KEY.id } },
  },
  createLogin: {
    operationId: 'createSqlLogin',
    tag,
    summary: 'Create a PostgreSQL login',
    description:
      'Creates a read-only PostgreSQL login to the views of the schema `app`, for psql, Power BI or a Metabase of one’s own. It needs a key with the scope admin, or tenant-admin for the own tenant. The password is shown in this answer only; the login sees rows of this tenant and no other.',
    problems: ['not-found', 'tenant-offboarding', 'feature-disabled', 'unsafe-engine', 'sql-session-limit'],
    example: {
      params,
      body: { name: LOGIN.name, connection_limit: LOGIN.connection_limit },
      answer: {
        ...LOGIN,
        password: 'VBS7EpzC96dG_tSiCICTsGkBmSjyDKe_',
        host: 'db.example.com',
        port: 5432,
        database: 'mirante',
      },
    },
  },
  listLogins: {
    operationId: 'listSqlLogins',
    tag,
    summary: 'List PostgreSQL logins',
    description:
      'Returns the PostgreSQL logins of a tenant, oldest first, without their passwords. It needs a key with the scope admin, or tenant-admin for the own tenant. Logins that were revoked are among them.',
    problems: ['not-found'],
    example: {
      params,
      query: { limit: '20' },
      answer: {
        data: [{ ...LOGIN, created_at: '2026-11-29T20:17:12.180Z', revoked_at: null, ended_at: null }],
        next_cursor: null,
      },
    },
  },
  revokeLogin: {
    operationId: 'revokeSqlLogin',
    tag,
    summary: 'Revoke a PostgreSQL login',
    description:
      'Ends a PostgreSQL login: it reads nothing from now on, and its sessions are closed. It needs a key with the scope admin, or tenant-admin for the own tenant. `ended_at` in the list says when the login itself is gone.',
    problems: ['not-found'],
    example: { params: { ...params, loginId: LOGIN.id } },
  },
} satisfies Record<string, Described>;
