import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { type Home, listHomes, removeHome } from '../../lib/embedded-home.ts';

export type Asking = {
  say: (sentence: string) => void;
  /** Asks a question in the terminal; undefined if there is no terminal. */
  ask: ((question: string) => Promise<string>) | undefined;
  homes?: string;
};

/** The command `homes`. Lists the homes of embedded servers outside their data folder, or removes one after a question. */
export async function manageHomes(args: string[], { say, ask, homes }: Asking): Promise<void> {
  const { values } = parseArgs({ args, options: { remove: { type: 'string' }, yes: { type: 'boolean' } } });
  const found = listHomes(homes);
  if (values.remove === undefined) {
    for (const home of found) say(describe(home));
    if (found.length === 0) say('There are no homes: every server keeps its data in its data folder.');
    return;
  }
  const home = found.find(({ name }) => name === values.remove);
  if (!home) throw new Error(`There is no home ${values.remove}. \`homes\` lists them.`);
  if (!values.yes) {
    if (!ask) throw new Error('There is no terminal to ask in: give --yes to remove the home with all data in it.');
    const answer = await ask(`${describe(home)}\nRemove it, with all data in it? Type its name: `);
    if (answer.trim() !== home.name) throw new Error('Nothing was removed.');
  }
  removeHome(home);
  say(`Removed ${home.path}.`);
}

const STATES: Record<Home['state'], (folder: string | undefined) => string> = {
  'in use': (folder) => `holds the data of ${folder}`,
  gone: (folder) => `${folder ?? 'its folder'} does not exist: removed, moved and not started since, or not mounted`,
  'not named': (folder) => `${folder} exists, and has its data elsewhere`,
};

function describe({ name, path, folder, state, usedAt }: Home): string {
  const used = usedAt ? `last written ${usedAt.toISOString().slice(0, 16).replace('T', ' ')}` : 'no data';
  return `${name}  ${path}  ${used}; ${STATES[state](folder)}`;
}

/** Asks a question in the terminal of this process; undefined if it has none. */
export function terminalAsk(): Asking['ask'] {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    return terminal.question(question).finally(() => terminal.close());
  };
}
