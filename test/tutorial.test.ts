import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Json, useApi } from './support/api.ts';
import { useExports } from './support/exports.ts';
import { makeTenant, need, useDatabase } from './support/harness.ts';

const PAGE = readFileSync(new URL('../docs/tutorial.md', import.meta.url), 'utf8');
const SHELL = '/bin/sh';
const ADDRESS = 'http://127.0.0.1:3000';

/** The commands of the page, each with the answer shown below it. */
const STEPS = [...PAGE.matchAll(/^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```)?/gms)].map(([, commands, answer]) => ({
  commands: commands as string,
  answer,
}));

let folder: string;

const db = await useDatabase();
const exports = await useExports(db);
const api = await useApi(db, { MIRANTE_DATA_DIR: exports.folder });

beforeAll(async () => {
  const { id, keys } = await makeTenant(db);
  folder = mkdtempSync(join(tmpdir(), 'mirante-tutorial-'));
  mkdirSync(join(folder, '.mirante'));
  writeFileSync(join(folder, '.mirante/credentials.json'), JSON.stringify({ url: api.url, tenants: [{ id, keys }] }));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
});

/** A shell that keeps variables from one step to the next. Returns what a step prints. */
function startShell() {
  const shell = spawn(SHELL, ['-eu'], { cwd: folder });
  let output = '';
  let errors = '';
  shell.stdout.on('data', (chunk) => {
    output += chunk;
  });
  shell.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const isDone = (mark: string) => output.includes(mark) || shell.exitCode !== null;
  return {
    async run(commands: string, number: number): Promise<string> {
      const mark = `-- end of step ${number} --`;
      output = '';
      shell.stdin.write(`${commands}\necho '${mark}'\n`);
      await expect.poll(() => isDone(mark), { timeout: 30_000 }).toBe(true);
      expect(output, `${commands}\n${errors}`).toContain(mark);
      return output.slice(0, output.indexOf(mark));
    },
    async end(): Promise<void> {
      shell.stdin.end();
      if (shell.exitCode === null) await once(shell, 'exit');
    },
  };
}

/** Compares a value of the page with the real one: `…` matches any text, and numbers match within two per cent. */
function expected(shown: Json): Json {
  if (shown === '…') return expect.any(String);
  if (typeof shown === 'number' && !Number.isInteger(shown)) return expect.closeTo(shown, Math.round(-Math.log10(shown / 50)));
  if (Array.isArray(shown)) return shown.map(expected);
  if (typeof shown !== 'object' || shown === null) return shown;
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, expected(value)]));
}

// One JSON value after another, each on one or several lines.
function valuesIn(text: string): Json[] {
  return text
    .trim()
    .split(/\n(?=\S)/)
    .map((value) => JSON.parse(value));
}

test.skipIf(!need('curl'))('the commands of docs/tutorial.md return the answers of the page, in order', async () => {
  expect(STEPS.length).toBeGreaterThan(8);
  expect(STEPS.filter(({ answer }) => answer).length).toBeGreaterThan(6);
  expect(STEPS[0]?.commands).toContain(`URL=${ADDRESS}\n`);
  const shell = startShell();
  for (const [number, { commands, answer }] of STEPS.entries()) {
    const output = await shell.run(commands.replace(ADDRESS, api.url), number);
    if (answer === undefined) expect(output, commands).toBe('');
    else expect(valuesIn(output), commands).toEqual(valuesIn(answer).map(expected));
    // The background work of the jobs program.
    await exports.run();
  }
  await shell.end();
  expect(readFileSync(join(folder, 'orders.csv'), 'utf8')).toContain('order-3');
  expect(statSync(join(folder, 'orders.parquet')).size).toBeGreaterThan(100);
});
