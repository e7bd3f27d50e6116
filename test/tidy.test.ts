import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LOAD_ORDER } from '../sql/database/order.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['api', 'bench', 'cli', 'dashboards', 'docs', 'jobs', 'lib', 'sql', 'test'];

type File = { path: string; text: string };

const files: File[] = FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(ts|js|sql|sh|md|json|css|html)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const isTest = ({ path }: File) => path.startsWith('test/') || path.endsWith('.test.ts');
const programs = files.filter(({ path }) => /\.(ts|js)$/.test(path));
const code = programs.filter((file) => !isTest(file));
const tests = programs.filter(({ path }) => path.endsWith('.test.ts') && path !== 'test/tidy.test.ts');
const statements = files.filter(({ path }) => path.endsWith('.sql') && path !== 'sql/schema.sql');

// Lines of code that match a pattern, as `path:line: text`.
function places(where: File[], pattern: RegExp): string[] {
  return where.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const comment = /^\s*(\/\/|\/?\*|--)/.test(line);
      return !comment && pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [];
    }),
  );
}

const except = (where: File[], ...paths: string[]) => where.filter(({ path }) => !paths.includes(path));

const MAY_IMPORT: Record<string, string[]> = {
  'jobs/queues.ts': ['lib/'],
  api: ['api/', 'jobs/queues.ts', 'sql/', 'lib/'],
  bench: ['api/', 'bench/', 'cli/', 'jobs/', 'sql/', 'lib/'],
  cli: ['api/', 'cli/', 'jobs/', 'sql/', 'lib/'],
  jobs: ['jobs/', 'sql/', 'lib/'],
  // Events of documents go through the same checks, limits, pseudonyms and quarantine as those of programs (decision 20).
  'jobs/imports/receive.ts': ['api/events/', 'api/event-types/', 'api/http/', 'jobs/', 'sql/', 'lib/'],
  'jobs/imports/events.ts': ['api/events/', 'jobs/', 'sql/', 'lib/'],
  lib: ['lib/'],
  sql: ['sql/', 'lib/'],
};

// The files of ours that a file imports, as paths.
const importsOf = ({ path, text }: File) =>
  [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/g)].map(([, target]) => join(dirname(path), target as string));

test('a layer imports only the layers below it', () => {
  const wrong = code.flatMap((file) => {
    const allowed = MAY_IMPORT[file.path] ?? MAY_IMPORT[file.path.split('/')[0] as string] ?? [];
    return importsOf(file)
      .filter((target) => !allowed.some((start) => target.startsWith(start)))
      .map((target) => `${file.path} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

// The machinery of each layer, which every noun may import. Only these files of it may import nouns.
const MACHINERY: Record<string, string[]> = {
  'api/http': ['api/http/deps.ts', 'api/http/open-metrics.ts'],
  'jobs/queue': ['jobs/queue/workers.ts'],
  'sql/database': ['sql/database/migrate.ts'],
  'sql/storage': [],
};

// Cross-noun imports within a layer. A new line here is a decision.
const CROSS_NOUN_IMPORTS: Record<string, string[]> = {
  'api/alerts': ['api/exports'],
  'api/benchmarks': ['api/tenants'],
  'api/console': ['api/dashboards', 'api/event-types', 'api/members', 'api/pages', 'api/reports', 'api/tenants'],
  'api/dashboards': ['api/metrics', 'api/tenants'],
  'api/event-types': ['api/privacy'],
  'api/events': ['api/event-types', 'api/privacy'],
  'api/exports': ['api/tenants'],
  'api/imports': ['api/events'],
  'api/members': ['api/pages'],
  'api/pages': ['api/dashboards'],
  'api/performance': ['api/pages'],
  'api/privacy': ['api/event-types'],
  'api/quarantine': ['api/events'],
  'api/reports': ['api/exports', 'api/pages', 'api/performance'],
  'api/test-results': ['api/imports'],
  'jobs/archive': ['jobs/exports', 'jobs/metrics'],
  'jobs/benchmarks': ['jobs/metrics'],
  'jobs/members': ['jobs/alerts'],
  'jobs/privacy': ['jobs/archive', 'jobs/exports', 'jobs/imports', 'jobs/metrics', 'jobs/tenants'],
  'jobs/reports': ['jobs/metrics', 'jobs/performance'],
  'jobs/tenants': ['jobs/archive', 'jobs/exports', 'jobs/imports', 'jobs/metrics', 'jobs/privacy'],
  'sql/alerts': ['sql/data-quality', 'sql/metrics'],
  'sql/archive': ['sql/events', 'sql/exports', 'sql/privacy'],
  'sql/attacks': ['sql/data-quality'],
  'sql/audit': ['sql/attacks'],
  'sql/backup': ['sql/archive', 'sql/exports', 'sql/metrics', 'sql/platform', 'sql/tenants'],
  'sql/dashboards': ['sql/metrics'],
  'sql/events': ['sql/archive', 'sql/privacy'],
  'sql/exports': ['sql/alerts', 'sql/archive', 'sql/metrics', 'sql/privacy'],
  'sql/imports': ['sql/events', 'sql/privacy'],
  'sql/members': ['sql/tenants'],
  'sql/objectives': ['sql/tenants'],
  'sql/performance': ['sql/metrics', 'sql/privacy'],
  'sql/portable': ['sql/archive', 'sql/backup', 'sql/privacy', 'sql/tenants'],
  'sql/privacy': ['sql/event-types', 'sql/events', 'sql/exports', 'sql/imports', 'sql/performance', 'sql/test-results'],
  'sql/reports': ['sql/performance'],
  'sql/tenants': ['sql/attacks', 'sql/privacy'],
  'sql/test-results': ['sql/imports', 'sql/privacy'],
};

test('cross-noun imports are on the list', () => {
  const nounOf = (path: string) => path.split('/').slice(0, 2).join('/');
  const crossings = code
    .filter(({ path }) => /^(api|jobs|sql)\/[^/]+\//.test(path) && !MACHINERY[nounOf(path)]?.includes(path))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => target.split('/').length > 2 && target.split('/')[0] === file.path.split('/')[0])
        .map((target) => [nounOf(file.path), nounOf(target)] as const),
    )
    .filter(([from, to]) => from !== to && !(to in MACHINERY));
  const found: Record<string, string[]> = {};
  for (const [from, to] of crossings.toSorted()) found[from] = [...new Set([...(found[from] ?? []), to])];
  expect(found).toEqual(CROSS_NOUN_IMPORTS);
});

test('no two exported types share a name', () => {
  const owners = new Map<string, string[]>();
  for (const { path, text } of code.filter(({ path }) => !/^bench\/|\.d\.ts$/.test(path))) {
    for (const [, name] of text.matchAll(/^export (?:type|interface) (\w+)\b(?! *,| *\})/gm)) {
      owners.set(name as string, [...(owners.get(name as string) ?? []), path]);
    }
  }
  expect([...owners].filter(([, paths]) => paths.length > 1)).toEqual([]);
});

test('only lib/config.ts reads the environment', () => {
  const readers = except(programs, 'lib/config.ts', 'cli/install.js', 'test/support/global-setup.ts', 'test/tidy.test.ts');
  expect(places(readers, /process\.env\b|['"](node:)?process['"]/)).toEqual([]);
});

test('no console, no any, no silenced compiler', () => {
  const where = except(programs, 'test/tidy.test.ts');
  expect(places(where, /\bconsole\.(?!css|js|ts|md)|[:<]\s*any\b|\bas any\b|\bany\[\]/)).toEqual([]);
  expect(where.filter(({ text }) => /@ts-(ignore|expect-error|nocheck)/.test(text)).map(({ path }) => path)).toEqual([]);
});

test('no test is focused, skipped, retried or sleeps', () => {
  expect(places(tests, /\b(test|it|describe|suite)\.(only|skip|todo|fails)\b|\bretry:/)).toEqual([]);
  expect(places(tests, /\bsetTimeout\b|\bsleep\(/)).toEqual([]);
});

test('SQL is only under sql/', () => {
  // The embedded server creates its database before sql/ can connect.
  const elsewhere = except(
    code.filter(({ path }) => !path.startsWith('sql/') && !path.startsWith('bench/')),
    'lib/embedded-postgres.ts',
  );
  const sql =
    /['"`]\s*(select\s|insert into\s|delete from\s|update \S+ set\s|(create|alter|drop) (table|role|database|schema|function|view|index)\s|(grant|revoke) \w+ on\s|set (local )?role\s|with \w+ as \(|begin;|truncate\s)/i;
  expect(places(elsewhere, sql)).toEqual([]);
});

test('only sql/storage/ asks for the engine', () => {
  const elsewhere = code.filter(({ path }) => !path.startsWith('sql/storage/') && !path.startsWith('bench/'));
  expect(places(elsewhere, /\bengine\)?\s*[!=]==/)).toEqual([]);
});

test('SQL references say what happens on delete, and SQL swallows no error', () => {
  expect(places(statements, /\breferences\s+\w+\.\w+(?!.*\bon delete\b)/)).toEqual([]);
  expect(places(statements, /when others then/)).toEqual([]);
});

test('every file of views and functions is in the load order', () => {
  const once = /^sql\/(migrations|storage)\/|^sql\/schema\.sql$|^sql\/database\/close-server\.sql$/;
  const rebuilt = statements.filter(({ path }) => path.startsWith('sql/') && !once.test(path)).map(({ path }) => path);
  expect(LOAD_ORDER.map((file) => `sql/${file}`).toSorted()).toEqual(rebuilt.toSorted());
});

test('files stay small', () => {
  const lengths = [...programs, ...statements].map((file) => ({ ...file, lines: file.text.split('\n').length - 1 }));
  const long = lengths.filter((file) => file.lines > (isTest(file) ? 400 : 250));
  expect(long.map(({ path, lines }) => `${path} has ${lines} lines`)).toEqual([]);
});

test('all lines end with a newline, without a carriage return', () => {
  const wrong = files.filter(({ text }) => text.includes('\r') || (text !== '' && !text.endsWith('\n')));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('each folder of three or more files has a README of at most 25 lines that names only existing files', () => {
  const readmes = new Map(
    files.filter(({ path }) => path.endsWith('/README.md')).map(({ path, text }) => [dirname(path), text]),
  );
  const counts = new Map<string, number>();
  for (const { path } of files.filter((file) => !isTest(file) && /\.(ts|js|sql)$/.test(file.path))) {
    counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  }
  const large = [...counts]
    .filter(([folder, n]) => n >= 3 && !/^(dashboards\/|sql\/migrations$)/.test(folder))
    .map(([folder]) => folder);
  expect([...FOLDERS, ...large].filter((folder) => !readmes.has(folder))).toEqual([]);
  expect([...readmes].filter(([, text]) => text.split('\n').length > 26).map(([folder]) => folder)).toEqual([]);
  const missing = [...readmes].flatMap(([folder, text]) =>
    [...text.matchAll(/`([\w./-]+\.(?:ts|js|sql|sh))`/g)]
      .map(([, name]) => name as string)
      .filter(
        (name) =>
          !name.includes('NNNN') && !files.some(({ path }) => path === join(folder, name) || `/${path}`.endsWith(`/${name}`)),
      )
      .map((name) => `${folder}/README.md names ${name}`),
  );
  expect(missing).toEqual([]);
});

test('docs/error-codes.md lists exactly the error codes that are sent', () => {
  const explained = [...read('docs/error-codes.md').matchAll(/^(?:\| )?`([a-z0-9-]+)` (?:\||is the code)/gm)].map(
    ([, name]) => name as string,
  );
  // The document of the API names codes too, but sends none.
  const document = /^api\/http\/problem-codes\.ts$|\bspec\.ts$/;
  const senders = code.filter(({ path }) => !document.test(path)).filter(({ path }) => /^(api|jobs|sql)\//.test(path));
  const sent = senders.flatMap(({ text }) => [
    ...text.matchAll(/\b(?:conflict|unprocessable|tooManyRequests)\(\s*'([a-z0-9-]+)'/g),
    ...text.matchAll(/\bnew Problem\(\s*\d+,\s*'([a-z0-9-]+)'/g),
    ...text.matchAll(/\bcode: '([a-z0-9-]+)'/g),
    ...text.matchAll(/\b(?:refuse|fault)\(\s*[^,]+,\s*'([a-z0-9-]+)'/g),
  ]);
  const names = new Set(sent.map(([, name]) => name as string));
  expect([...names].filter((name) => !explained.includes(name)).sort()).toEqual([]);
  const everything = [...senders, ...statements].map(({ text }) => text).join('\n');
  expect(explained.filter((name) => !everything.includes(`'${name}'`))).toEqual([]);
});

test('the docs name only files and folders that exist', () => {
  const pages = ['README.md', 'SECURITY.md', ...files.map(({ path }) => path).filter((path) => /^docs\/.*\.md$/.test(path))];
  // A path in a shell pattern, a URL or a placeholder is not a name.
  const name = new RegExp(`(?<![\\w./<:}*-])(?:${FOLDERS.join('|')})/[\\w./-]*[\\w/]`, 'g');
  const missing = pages.flatMap((page) =>
    [...read(page).matchAll(name)]
      .filter(([path]) => !path.includes('NNNN') && !existsSync(join(ROOT, path)))
      .map(([path]) => `${page} names ${path}`),
  );
  // Decision 1 says what was there before.
  expect(missing).toEqual(['docs/decisions/0001-layout.md names sql/queries/']);
});

test('CHANGELOG.md has a place for what comes next', () => {
  expect(read('CHANGELOG.md')).toMatch(/^## Unreleased$/m);
});

test('every dependency has its reason in docs/decisions/0002-dependencies.md', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const page = read('docs/decisions/0002-dependencies.md');
  const reasons = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name as string);
  expect(reasons.toSorted()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
});

test('package-lock.json has the packages of every platform, which npm ci requires', () => {
  type Locked = { version?: string; optionalDependencies?: Record<string, string> };
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !packages[`node_modules/${name}`]?.version && !packages[`${path}/node_modules/${name}`]?.version)
      .map((name) => `${path} → ${name}`),
  );
  expect(missing).toEqual([]);
});

// Words that need two readings. Each is wrong in nearly every use, so no good English is refused.
const REFUSED = [
  /\bwhoever\b/i,
  /\banew\b/i,
  /\bso many\b/i,
  /\bfor so long\b/i,
  /\bfor good\b/i,
  /\bof which\b/i,
  /\bstands\b(?! (alone|for)\b)/i,
  /\blies\b/i,
  /\b(is|are|was|were|be|been) said\b/i,
  /\bcomes? to (its|an|their) end\b/i,
  /\bas it is spoken\b/i,
  /\bsomebody waiting\b/i,
  /\bis no (fault|mishap)\b/i,
];

// Comments match first, so that an apostrophe in a comment begins no string.
const LITERAL = /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

// Programs whose comments the rule reads as well.
const COMMENTS_TOO = /^(api|bench|cli|jobs|lib|test)\//;

/** The texts of a file for people: a whole text file, string literals of a program, messages that SQL raises. */
function textsOf({ path, text }: File): { at: number; text: string }[] {
  if (/\.(md|json)$/.test(path) || COMMENTS_TOO.test(path)) return [{ at: 0, text }];
  const found = [...text.matchAll(path.endsWith('.sql') ? /\braise \w+ '(?:''|[^'])*'/g : LITERAL)];
  return found.filter(([match]) => !match.startsWith('/')).map((match) => ({ at: match.index, text: match[0] }));
}

test('texts for people have no refused words', () => {
  const [unreleased = ''] = read('CHANGELOG.md').match(/^## Unreleased$[\s\S]*?(?=^## )/m) ?? [];
  const shown: File[] = [
    ...except(programs, 'test/tidy.test.ts').filter((file) => !isTest(file) || COMMENTS_TOO.test(file.path)),
    ...statements.filter(({ path }) => !path.includes('/migrations/')),
    ...files.filter(({ path }) => /\.md$|^dashboards\/.*\.json$/.test(path)),
    ...['README.md', 'SECURITY.md'].map((path) => ({ path, text: read(path) })),
    { path: 'CHANGELOG.md', text: unreleased },
  ];
  const wrong = shown.flatMap((file) =>
    textsOf(file).flatMap(({ at, text }) =>
      REFUSED.flatMap((word) => {
        const match = word.exec(text);
        if (!match) return [];
        const line = file.text.slice(0, at + match.index).split('\n').length;
        return [`${file.path}:${line}: ${match[0]}`];
      }),
    ),
  );
  expect(wrong).toEqual([]);
});
