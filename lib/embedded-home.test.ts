import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manageHomes } from '../cli/commands/homes.ts';
import { listHomes, notedHome } from './embedded-home.ts';
import { placeOf, startEmbeddedPostgres } from './embedded-postgres.ts';

// Only a server that root starts has its data outside its folder.
const asRoot = process.getuid?.() === 0;

let outer: string;
let made: Set<string>;

beforeEach(() => {
  // mkdtemp creates a folder that only its owner can enter.
  outer = mkdtempSync(join(tmpdir(), 'mirante-homes-'));
  made = new Set();
});
afterEach(() => {
  for (const path of [...made, outer]) rmSync(path, { recursive: true, force: true });
});

const folder = (name: string) => join(outer, name);

/** A folder whose home is elsewhere and contains a row of data. */
async function makeFolder(name: string): Promise<string> {
  const { home, data } = await placeOf(folder(name));
  made.add(home);
  mkdirSync(data);
  writeFileSync(join(data, 'row'), name);
  return home;
}

const rowOf = async (name: string) => readFileSync(join((await placeOf(folder(name))).data, 'row'), 'utf8');
const stateOf = (home: string) => listHomes().find(({ path }) => path === home)?.state;

test.runIf(asRoot)('no start removes the home of a missing folder, and a moved folder finds its data', async () => {
  const home = await makeFolder('first');
  expect(stateOf(home)).toBe('in use');
  renameSync(folder('first'), folder('moved'));
  expect(stateOf(home)).toBe('gone');
  await makeFolder('second');
  expect(readFileSync(join(home, 'postgres', 'row'), 'utf8')).toBe('first');
  expect(await rowOf('moved')).toBe('first');
  expect(stateOf(home)).toBe('in use');
  // Moved to a folder that the server could enter: its data is still in the home.
  const open = mkdtempSync('/var/tmp/mirante-homes-');
  made.add(open);
  renameSync(folder('moved'), join(open, 'moved'));
  expect((await placeOf(join(open, 'moved'))).home).toBe(home);
});

test.runIf(asRoot)('a folder whose home is missing, and a copy of a folder, are rejected', async () => {
  const home = await makeFolder('first');
  renameSync(home, `${home}.unmounted`);
  made.add(`${home}.unmounted`);
  await expect(placeOf(folder('first'))).rejects.toThrow(`The data of ${folder('first')} are in ${home}`);
  await expect(startEmbeddedPostgres(folder('first'))).rejects.toThrow('Mount it');
  expect(existsSync(home)).toBe(false);
  renameSync(`${home}.unmounted`, home);
  expect(await rowOf('first')).toBe('first');
  cpSync(folder('first'), folder('copy'), { recursive: true });
  await expect(placeOf(folder('copy'))).rejects.toThrow(`${folder('copy')} is a copy of ${folder('first')}`);
  expect(await rowOf('first')).toBe('first');
});

test.runIf(asRoot)('the error names data that was moved out of reach, and no empty database replaces it', async () => {
  mkdirSync(join(folder('shut'), 'postgres'), { recursive: true });
  writeFileSync(join(folder('shut'), 'database-password'), 'secret');
  await expect(startEmbeddedPostgres(folder('shut'))).rejects.toThrow(/cannot enter .*shut/);
  expect(readFileSync(join(folder('shut'), 'database-password'), 'utf8')).toBe('secret');
  expect(notedHome(folder('shut'))).toBeUndefined();
});

test('`homes` lists each home, and removes that of a missing folder, after asking', async () => {
  const homes = folder('homes');
  for (const name of ['used', 'left']) {
    mkdirSync(join(homes, name, 'postgres'), { recursive: true });
    writeFileSync(join(homes, name, 'folder'), folder(name));
  }
  mkdirSync(folder('used'));
  writeFileSync(join(folder('used'), 'postgres-home'), join(homes, 'used'));
  const said: string[] = [];
  const mirante = (answer: string | undefined, ...args: string[]) =>
    manageHomes(args, {
      homes,
      say: (line) => void said.push(line),
      ask: answer === undefined ? undefined : async () => answer,
    });
  await mirante(undefined);
  expect(said).toEqual([
    expect.stringMatching(/^left .*no data; .*left does not exist/),
    expect.stringMatching(/^used .*holds the data of .*used$/),
  ]);
  await expect(mirante(undefined, '--remove', 'left')).rejects.toThrow('give --yes');
  await expect(mirante('no', '--remove', 'left')).rejects.toThrow('Nothing was removed');
  await expect(mirante('..', '--remove', '..')).rejects.toThrow('There is no home ..');
  await expect(mirante('used', '--remove', 'used')).rejects.toThrow('Remove that folder first');
  // A server that runs there.
  const cwd = process.cwd();
  writeFileSync(join(homes, 'left', 'postgres', 'postmaster.pid'), `${process.pid}\n`);
  process.chdir(join(homes, 'left', 'postgres'));
  await expect(mirante('left', '--remove', 'left').finally(() => process.chdir(cwd))).rejects.toThrow(
    'PostgreSQL is running on',
  );
  expect(readdirSync(homes)).toEqual(['left', 'used']);
  await mirante('left', '--remove', 'left');
  await mirante(undefined, '--remove', 'used', '--yes').catch(() => undefined);
  expect(readdirSync(homes)).toEqual(['used']);
  rmSync(folder('used'), { recursive: true });
  await mirante(undefined, '--remove', 'used', '--yes');
  expect(readdirSync(homes)).toEqual([]);
});
