import type { Described } from '../http/operation.ts';

const MEMBER = {
  id: '01a228f5-0c55-7d13-9f3e-0b6f2c1f7a20',
  email: 'ada@acme.example',
  name: 'Ada',
  role: 'admin',
  created_at: '2026-11-29T20:17:13.245Z',
  updated_at: '2026-11-29T20:17:13.245Z',
};
const TENANT_ID = '01a228f4-5e1d-7627-94d7-06c39b488d13';
const SESSION_ID = '01a228f6-77aa-7b1c-8a54-2f0e6d9c4b11';
const EXPIRES = '2026-12-13T20:17:13.245Z';

const tag = 'Members';
const params = { id: MEMBER.id };

export const memberSpecs = {
  create: {
    operationId: 'createMember',
    tag,
    summary: 'Add a member',
    description:
      'Adds a person to the tenant of the key. A viewer reads, an admin administers as well; members of the platform itself are operators. A member signs in with a one-time link, by e-mail or with an identity provider, never with a password.',
    problems: ['member-exists'],
    example: { body: { email: MEMBER.email, name: MEMBER.name, role: MEMBER.role }, answer: MEMBER },
  },
  createFor: {
    operationId: 'createMemberOfTenant',
    tag,
    summary: 'Add a member of a tenant',
    description:
      'Adds a person to a tenant, such as its first admin. It needs the scope admin, or tenant-admin for the own tenant. The answer, and it alone, has a link with which the new member signs in, once, within ten minutes.',
    problems: ['member-exists', 'not-found', 'tenant-offboarding'],
    example: {
      params: { id: TENANT_ID },
      body: { email: MEMBER.email, role: MEMBER.role },
      answer: { ...MEMBER, login_url: '/login?code=0HbSJwkVpGt4jQ1qv3Zx', login_expires_at: '2026-11-29T20:27:13.245Z' },
    },
  },
  list: {
    operationId: 'listMembers',
    tag,
    summary: 'List members',
    description:
      'Returns the members of the tenant, oldest first. It needs the scope tenant-admin, or admin for the platform itself.',
    example: { query: { limit: '20' }, answer: { data: [MEMBER], next_cursor: null } },
  },
  update: {
    operationId: 'updateMember',
    tag,
    summary: 'Change a member',
    description: 'Changes the name or the role of a member. A new role holds for open sessions within five seconds.',
    problems: ['not-found'],
    example: { params, body: { role: 'viewer' }, answer: { ...MEMBER, role: 'viewer' } },
  },
  delete: {
    operationId: 'deleteMember',
    tag,
    summary: 'Remove a member',
    description:
      'Removes a member. Their sessions and links end within five seconds; what they changed stays in the audit log.',
    problems: ['not-found'],
    example: { params },
  },
  loginLink: {
    operationId: 'createLoginLink',
    tag,
    summary: 'Create a one-time link',
    description: 'Creates a link with which the member signs in, once, within ten minutes. The link is in this answer only.',
    problems: ['not-found'],
    example: { params, answer: { url: '/login?code=0HbSJwkVpGt4jQ1qv3Zx', expires_at: '2026-11-29T20:27:13.245Z' } },
  },
} satisfies Record<string, Described>;

export const sessionSpecs = {
  get: {
    operationId: 'getSession',
    tag,
    summary: 'Get the own session',
    description:
      'Returns who is signed in, for which tenant and with which scopes. The browser sends the session as a cookie; it is accepted by every call that accepts one of its scopes.',
    problems: ['unauthenticated'],
    example: {
      answer: {
        tenant: { id: TENANT_ID, slug: 'acme', name: 'Acme' },
        role: MEMBER.role,
        scopes: ['read', 'export', 'embed', 'tenant-admin'],
        member: { id: MEMBER.id, email: MEMBER.email, name: MEMBER.name },
        expires_at: EXPIRES,
      },
    },
  },
  list: {
    operationId: 'listSessions',
    tag,
    summary: 'List the own sessions',
    description: 'Returns the open sessions of the person who is signed in, newest first. One of them is current.',
    problems: ['unauthenticated'],
    example: {
      answer: {
        data: [
          {
            id: SESSION_ID,
            address: '192.0.2.7',
            agent: 'Mozilla/5.0',
            created_at: MEMBER.created_at,
            seen_at: MEMBER.created_at,
            expires_at: EXPIRES,
            current: true,
          },
        ],
      },
    },
  },
  end: {
    operationId: 'endSession',
    tag,
    summary: 'End one of the own sessions',
    description: 'Ends a session of the person who is signed in, on this or another device. It cannot end those of others.',
    problems: ['unauthenticated', 'not-found'],
    example: { params: { id: SESSION_ID } },
  },
} satisfies Record<string, Described>;

const PAGE = '<!doctype html>\n<html lang="en">…</html>\n';

export const loginSpecs = {
  page: {
    operationId: 'getLoginPage',
    tag,
    summary: 'Show the page to sign in',
    description: 'Shows the page on which people sign in. With `code`, a one-time link, it signs in and answers 303.',
    example: { texts: { 'text/html': PAGE } },
  },
  signIn: {
    operationId: 'signIn',
    tag,
    summary: 'Sign in with a key',
    description:
      'Signs in with an API key that is sent as a form, and answers 303 with the cookie of the session. A key that does not work is answered with the page and 401; ten of these from one address lock it for ten minutes.',
    example: { bodies: { 'application/x-www-form-urlencoded': { key: 'mir_read_…' } }, texts: { 'text/html': PAGE } },
  },
  email: {
    operationId: 'sendLoginLink',
    tag,
    summary: 'Send a link by e-mail',
    description:
      'Sends a one-time link to each member with the address of the form, where the platform sends e-mail, and answers 303. The answer is the same for an address that nobody has. A mailbox is sent three links within ten minutes at most.',
    problems: ['not-found'],
    example: {
      bodies: { 'application/x-www-form-urlencoded': { email: 'ada@acme.example' } },
      texts: { 'text/html': PAGE },
    },
  },
  provider: {
    operationId: 'beginProviderLogin',
    tag,
    summary: 'Sign in with a provider',
    description:
      'Sends the browser to the OpenID Connect provider of this platform, with PKCE, state and nonce in a signed cookie that lasts ten minutes. Where there is no provider, it answers 404.',
    problems: ['not-found'],
    example: { texts: { 'text/html': PAGE } },
  },
  callback: {
    operationId: 'finishProviderLogin',
    tag,
    summary: 'Return from the provider',
    description:
      'Takes the browser back from the provider, checks its answer, and signs in the member with the e-mail address that the provider has verified. A person who is no member is answered with the page and 401.',
    problems: ['not-found'],
    example: { texts: { 'text/html': PAGE } },
  },
  signOut: {
    operationId: 'signOut',
    tag,
    summary: 'Sign out',
    description: 'Ends the session of this browser and deletes its cookie. It answers 303, also where nobody was signed in.',
    example: { texts: { 'text/html': PAGE } },
  },
} satisfies Record<string, Described>;
