import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from '../../lib/config.ts';
import { createPool, type Pool, withTenant } from '../../sql/database/db.ts';
import { createMember, membersByEmail } from '../../sql/members/members.ts';
import { createLoginCode } from '../../sql/members/sessions.ts';
import { findOperations, findTenant } from '../../sql/tenants/tenants.ts';
import { readJson, writePrivate } from '../files.ts';
import type { Credentials } from '../up/credentials.ts';
import { OPERATOR, OWNER } from '../up/sign-in.ts';
import { withDatabaseAs } from './database.ts';
import { UsageError } from './usage.ts';

type Options = { member?: string; tenant?: string; operator?: boolean; to?: string };

/**
 * The command `login-link`: a link that signs in a member once, within ten minutes, where a terminal shows it, else a sentence that says in
 * which file it is. It works with the database alone, so it is also the way back in for an operator who has lost every other.
 */
export async function makeLoginLink(args: string[], config: Config, isTerminal: boolean): Promise<string> {
  const values: Options = parseArgs({
    args,
    options: { member: { type: 'string' }, tenant: { type: 'string' }, operator: { type: 'boolean' }, to: { type: 'string' } },
  }).values;
  if (values.operator && values.tenant) throw new UsageError('--operator and --tenant exclude each other.');
  if (!values.to && !isTerminal)
    throw new Error('A link is shown in a terminal only. Name the file to write it to: `login-link --to <file>`.');
  const make = (url: string) => withPool(url, (pool) => makeCode(pool, values));
  const code = config.API_DATABASE_URL
    ? await make(config.API_DATABASE_URL)
    : await withDatabaseAs('mirante_api', config, make);
  const link = `${addressOf(config)}/login?code=${code}`;
  if (!values.to) return link;
  writePrivate(values.to, `${link}\n`);
  return `The link is in ${values.to}, which only its owner can read.`;
}

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(url, { max: 1, name: 'mirante login-link' });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

async function makeCode(pool: Pool, { member, tenant, operator }: Options): Promise<string> {
  const { tenantId, keyId } = operator
    ? await findOperator(pool, member ?? OPERATOR)
    : await findOne(pool, member ?? OWNER, tenant);
  const { code } = await withTenant(pool, tenantId, (client) => createLoginCode(client, keyId), 'login');
  return code;
}

type Holder = { tenantId: string; keyId: string };

// A person who reaches the database may make an operator's key, so an operator who is not there yet is made as well.
async function findOperator(pool: Pool, email: string): Promise<Holder> {
  const { tenantId } = await findOperations(pool);
  const find = async () => (await membersByEmail(pool, email)).find(({ tenant_id }) => tenant_id === tenantId);
  if (!(await find())) {
    await withTenant(pool, tenantId, (client) => createMember(client, { email, role: 'operator' }), 'login');
  }
  const found = await find();
  if (!found) throw new Error(`There is no operator ${email}, and none could be made.`);
  return { tenantId, keyId: found.key_id };
}

async function findOne(pool: Pool, email: string, slug: string | undefined): Promise<Holder> {
  const all = await membersByEmail(pool, email);
  const slugs = await Promise.all(all.map(async ({ tenant_id }) => (await findTenant(pool, tenant_id))?.slug ?? tenant_id));
  const wanted = all.filter((_, n) => slug === undefined || slugs[n] === slug);
  const [found] = wanted;
  if (!found) throw new Error(`There is no member ${email}${slug ? ` of the tenant ${slug}` : ''}.`);
  if (wanted.length > 1)
    throw new Error(`${email} is a member of several tenants (${slugs.join(', ')}). Say which: --tenant <slug>.`);
  return { tenantId: found.tenant_id, keyId: found.key_id };
}

// As people reach the API: the address that is set, else the one that `npm run up` noted.
function addressOf({ API_URL, MIRANTE_DATA_DIR, PORT }: Config): string {
  const noted = readJson<Credentials>(join(MIRANTE_DATA_DIR, 'credentials.json'))?.url;
  return (API_URL ?? noted ?? `http://127.0.0.1:${PORT}`).replace(/\/$/, '');
}
