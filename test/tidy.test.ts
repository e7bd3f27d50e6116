import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['api', 'bench', 'cli', 'dashboards', 'docs', 'jobs', 'lib', 'sql', 'test'];

type File = { path: string; text: string };

const files: File[] = FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(ts|js|sql|md|json|css|html)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const isTest = ({ path }: File) => path.startsWith('test/') || path.endsWith('.test.ts');
const programs = files.filter(({ path }) => /\.(ts|js)$/.test(path));
const code = programs.filter((file) => !isTest(file));
const tests = programs.filter(({ path }) => path.endsWith('.test.ts') && path !== 'test/tidy.test.ts');
const statements = files.filter(({ path }) => path.endsWith('.sql') && path !== 'sql/schema.sql');

// Each place where a pattern stands in code, as `path:line: text`, so that a failure says where to look.
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
  lib: ['lib/'],
  sql: ['sql/', 'lib/'],
};

test('a layer imports only the layers below it', () => {
  const wrong = code.flatMap(({ path, text }) => {
    const allowed = MAY_IMPORT[path] ?? MAY_IMPORT[path.split('/')[0] as string] ?? [];
    return [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/g)]
      .map(([, target]) => join(dirname(path), target as string))
      .filter((target) => !allowed.some((start) => target.startsWith(start)))
      .map((target) => `${path} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

test('only lib/config.ts reads the environment', () => {
  const readers = except(programs, 'lib/config.ts', 'cli/install.js', 'test/support/global-setup.ts', 'test/tidy.test.ts');
  expect(places(readers, /process\.env\b|['"](node:)?process['"]/)).toEqual([]);
});

test('no console, no any, no silenced compiler', () => {
  const where = except(programs, 'test/tidy.test.ts');
  expect(places(where, /\bconsole\.|[:<]\s*any\b|\bas any\b|\bany\[\]/)).toEqual([]);
  expect(where.filter(({ text }) => /@ts-(ignore|expect-error|nocheck)/.test(text)).map(({ path }) => path)).toEqual([]);
});

test('no test is focused, left out, retried or put to sleep', () => {
  expect(places(tests, /\b(test|it|describe|suite)\.(only|skip|todo|fails)\b|\bretry:/)).toEqual([]);
  expect(places(tests, /\bsetTimeout\b|\bsleep\(/)).toEqual([]);
});

test('SQL stands under sql/ and nowhere else', () => {
  // The embedded server makes its one database before there is anything that sql/ could speak to.
  const elsewhere = except(
    code.filter(({ path }) => !path.startsWith('sql/') && !path.startsWith('bench/')),
    'lib/embedded-postgres.ts',
  );
  const sql =
    /['"`]\s*(select\s|insert into\s|delete from\s|update \S+ set\s|(create|alter|drop) (table|role|database|schema|function|view|index)\s|(grant|revoke) \w+ on\s|set (local )?role\s|with \w+ as \(|begin;|truncate\s)/i;
  expect(places(elsewhere, sql)).toEqual([]);
});

test('only sql/storage/ knows which engine it runs on', () => {
  const elsewhere = code.filter(({ path }) => !path.startsWith('sql/storage/') && !path.startsWith('bench/'));
  expect(places(elsewhere, /\bengine\)?\s*[!=]==/)).toEqual([]);
});

test('SQL says what becomes of references, and swallows no error', () => {
  expect(places(statements, /\breferences\s+\w+\.\w+(?!.*\bon delete\b)/)).toEqual([]);
  expect(places(statements, /when others then/)).toEqual([]);
});

test('files stay small', () => {
  const lengths = [...programs, ...statements].map((file) => ({ ...file, lines: file.text.split('\n').length - 1 }));
  const long = lengths.filter((file) => file.lines > (isTest(file) ? 400 : 250));
  expect(long.map(({ path, lines }) => `${path} has ${lines} lines`)).toEqual([]);
});

test('lines end as Unix lines do, the last one too', () => {
  const wrong = files.filter(({ text }) => text.includes('\r') || (text !== '' && !text.endsWith('\n')));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('each folder says in at most 25 lines what belongs there', () => {
  const readmes = new Map(files.filter(({ path }) => path.endsWith('/README.md')).map(({ path, text }) => [path, text]));
  const used = FOLDERS.filter((folder) => files.some(({ path }) => path.startsWith(`${folder}/`)));
  expect(used.filter((folder) => !readmes.has(`${folder}/README.md`))).toEqual([]);
  expect([...readmes].filter(([, text]) => text.split('\n').length > 26).map(([path]) => path)).toEqual([]);
});

test('every error code stands in docs/error-codes.md, and none that nobody sends', () => {
  const explained = [...read('docs/error-codes.md').matchAll(/^(?:\| )?`([a-z0-9-]+)` (?:\||stands)/gm)].map(
    ([, name]) => name as string,
  );
  // The document of the API names codes too, and sends none.
  const senders = except(code, 'api/http/problem-codes.ts').filter(({ path }) => /^(api|lib\/errors|sql\/queries)/.test(path));
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

test('CHANGELOG.md has a place for what comes next', () => {
  expect(read('CHANGELOG.md')).toMatch(/^## Unreleased$/m);
});

test('every dependency has its reason in docs/decisions/0002-dependencies.md', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const page = read('docs/decisions/0002-dependencies.md');
  const reasons = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name as string);
  expect(reasons.toSorted()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
});

test('package-lock.json names the packages of every platform, without which npm ci refuses', () => {
  type Locked = { version?: string; optionalDependencies?: Record<string, string> };
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !packages[`node_modules/${name}`]?.version && !packages[`${path}/node_modules/${name}`]?.version)
      .map((name) => `${path} → ${name}`),
  );
  expect(missing).toEqual([]);
});
