import { readFileSync } from 'node:fs';
import proxyAddr from 'proxy-addr';
import { z } from 'zod';
import { readInput } from './input-faults.ts';
import { isSecretName } from './redact.ts';

const port = (value: number) => z.coerce.number().int().min(0).max(65535).default(value);
const count = (value: number) => z.coerce.number().int().min(1).default(value);
const url = (...schemes: string[]) =>
  z
    .string()
    .refine(
      (text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)),
      `must start with ${schemes.join(':// or ')}://`,
    )
    // Node's error for an invalid URL contains the whole URL, including its password.
    .refine(
      (text) => URL.canParse(text),
      'must be a URL; percent-encode every character of a password that is not a letter or a digit',
    )
    .optional();

const blocks = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((block) => block.trim())
      .filter((block) => block !== ''),
  )
  .refine(areBlocks, 'must be IP addresses or CIDR blocks, separated by commas');

function areBlocks(given: string[]): boolean {
  try {
    proxyAddr.compile(given);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

const schema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: port(3000),
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: port(9464),
  MIRANTE_DATA_DIR: z.string().min(1).default('.mirante'),
  MIRANTE_SECRET: z.string().min(32).optional(),
  MIRANTE_SECRET_PREVIOUS: z.string().min(32).optional(),
  DATABASE_URL: url('postgres', 'postgresql'),
  API_DATABASE_URL: url('postgres', 'postgresql'),
  JOBS_DATABASE_URL: url('postgres', 'postgresql'),
  QUEUE_DATABASE_URL: url('postgres', 'postgresql'),
  METABASE_DATABASE_URL: url('postgres', 'postgresql'),
  OPS_DATABASE_URL: url('postgres', 'postgresql'),
  REDIS_URL: url('redis', 'rediss'),
  API_URL: url('http', 'https'),
  OBJECT_STORE_URL: url('file', 's3'),
  PG_BIN_DIR: z.string().min(1).optional(),
  BACKUP_DATABASE_URL: url('postgres', 'postgresql'),
  RESTORE_DRILL_DATABASE_URL: url('postgres', 'postgresql'),
  METABASE_URL: url('http', 'https'),
  METABASE_SITE_URL: url('http', 'https'),
  METABASE_ADMIN_EMAIL: z.email().default('admin@mirante.invalid'),
  METABASE_ADMIN_PASSWORD: z.string().min(12).optional(),
  METABASE_EMBEDDING_SECRET: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
    .optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  TRUSTED_PROXIES: blocks,
  MAX_EVENTS_PER_REQUEST: count(1000),
  MAX_REQUEST_BYTES: count(5 * 1024 * 1024),
  MAX_EVENT_BYTES: count(64 * 1024),
  INGEST_BUFFER_BYTES: count(16 * 1024 * 1024),
  INGEST_CONNECTIONS: count(2),
  READ_CONNECTIONS: count(10),
  EXPORT_CONNECTIONS: count(4),
  EXPORT_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(24 * 60)
    .default(60),
  RAW_RETENTION_DAYS: count(90),
  AGGREGATE_RETENTION_DAYS: count(730),
  QUARANTINE_RETENTION_DAYS: count(30),
  // Marco Civil da Internet, art. 15: six months.
  ACCESS_LOG_RETENTION_DAYS: z.coerce.number().int().min(183).default(183),
  EXPORT_RETENTION_DAYS: count(7),
  IMPORT_MAX_BYTES: count(512 * 1024 * 1024),
  IMPORT_RETENTION_DAYS: count(730),
  EXPORT_FILE_ROWS: count(1_000_000),
  EXPORT_FILE_BYTES: count(256 * 1024 * 1024),
  // With fewer than five others, tenants could work out each other's values.
  BENCHMARK_MIN_CONTRIBUTORS: z.coerce.number().int().min(5).max(1000).default(10),
  EVENTS_PER_SECOND: count(100_000),
  REQUESTS_PER_SECOND: count(10_000),
  EVENTS_PER_MONTH: count(1_000_000_000),
  QUARANTINE_BYTES: count(256 * 1024 * 1024),
  STORAGE_USD_PER_GB_MONTH: z.coerce.number().min(0).default(0.08),
  ALERTS_ALLOW_PRIVATE_NETWORKS: blocks,
  ALERTS_FROM: z.email().optional(),
  SMTP_URL: url('smtp', 'smtps'),
  OIDC_ISSUER: url('http', 'https'),
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(8).optional(),
});

export type Config = z.infer<typeof schema>;

/** Settings that may hold a secret. Each can be given as `<NAME>_FILE` instead: the path of a file that holds the value. */
export const SECRETS = [
  'MIRANTE_SECRET',
  'MIRANTE_SECRET_PREVIOUS',
  'DATABASE_URL',
  'API_DATABASE_URL',
  'JOBS_DATABASE_URL',
  'QUEUE_DATABASE_URL',
  'METABASE_DATABASE_URL',
  'OPS_DATABASE_URL',
  'REDIS_URL',
  'API_URL',
  'OBJECT_STORE_URL',
  'BACKUP_DATABASE_URL',
  'RESTORE_DRILL_DATABASE_URL',
  'METABASE_URL',
  'METABASE_SITE_URL',
  'METABASE_ADMIN_PASSWORD',
  'METABASE_EMBEDDING_SECRET',
  'SMTP_URL',
  'OIDC_CLIENT_SECRET',
] as const satisfies (keyof Config)[];

/**
 * Reads the settings of this process from its environment. It is the only reader of `process.env`. Throws an Error that names
 * each invalid variable, and never shows a value that may hold a secret.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const faults = SECRETS.flatMap((name) => takeFile(given, name));
  const read = readInput(schema, given, {
    isSecret: (name) => isSecretName(name) || SECRETS.some((secret) => secret === name),
  });
  if (!read.faults && faults.length === 0) return read.data;
  const lines = read.faults?.map(({ detail }) => detail) ?? [];
  throw new Error(`The configuration is not valid. Change these settings:\n  ${[...faults, ...lines].join('\n  ')}`);
}

// Replaces `<NAME>_FILE` by the setting with the file's content. Returns the faults.
function takeFile(given: Record<string, string | undefined>, name: string): string[] {
  const file = given[`${name}_FILE`];
  if (file === undefined) return [];
  if (given[name] !== undefined) return [`"${name}" and "${name}_FILE" are both set. Set only one of them.`];
  try {
    given[name] = readFileSync(file, 'utf8').trim();
    return [];
  } catch (error) {
    return [`"${name}_FILE" names a file that cannot be read (${(error as NodeJS.ErrnoException).code}).`];
  }
}

/**
 * The platform's secret. Role passwords, the key of embeds and the secrets of webhooks are derived from it. Throws if it is not
 * set, because it has no default.
 */
export function secretOf(config: Pick<Config, 'MIRANTE_SECRET'>): string {
  if (!config.MIRANTE_SECRET || config.MIRANTE_SECRET.length < 32) {
    throw new Error('MIRANTE_SECRET (or MIRANTE_SECRET_FILE) must be set to at least 32 characters.');
  }
  return config.MIRANTE_SECRET;
}

/**
 * This process's environment with other settings, for a child process. Settings that are undefined are left out, and so are the
 * `_FILE` variables of these settings.
 */
export function environmentWith(settings: Record<string, string | undefined>): NodeJS.ProcessEnv {
  const files = Object.fromEntries(Object.keys(settings).map((name) => [`${name}_FILE`, undefined]));
  return { ...process.env, ...files, ...settings };
}
