import { existsSync, readFileSync } from 'node:fs';
import { type DashboardFile, type Words, wordsSchema } from './definition.ts';

const FILE = 'words.json';

/** Texts that several dashboards use. */
export type SharedWords = {
  /** Returns a definition with names of shared texts replaced by the texts, and the names missing from `words.json`. */
  fill: (file: DashboardFile) => { filled: ReturnType<typeof filledWith>; unknown: string[] };
  /** One line for each fault of the file. */
  faults: string[];
  /** Returns one line for each text that no definition has used so far. */
  unused: () => string[];
};

/** Reads `words.json` of a folder of dashboards. */
export function readWords(folder: URL): SharedWords {
  const { texts, faults } = readTexts(new URL(FILE, folder));
  const used = new Set<string>();
  return {
    fill(file) {
      const unknown: string[] = [];
      const say = (text: string | Words): Words => {
        if (typeof text !== 'string') return text;
        used.add(text);
        const found = texts.get(text);
        if (!found) unknown.push(text);
        return found ?? { en: text, 'pt-BR': text };
      };
      return { filled: filledWith(file, say), unknown };
    },
    faults: faults.map((fault) => `dashboards/${FILE}: ${fault}`),
    unused: () =>
      [...texts.keys()].filter((key) => !used.has(key)).map((key) => `dashboards/${FILE}: no dashboard uses ${key}`),
  };
}

function readTexts(file: URL): { texts: Map<string, Words>; faults: string[] } {
  const texts = new Map<string, Words>();
  if (!existsSync(file)) return { texts, faults: ['is missing'] };
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return { texts, faults: [(error as Error).message] };
  }
  const parsed = wordsSchema.safeParse(content);
  if (!parsed.success) {
    return { texts, faults: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`) };
  }
  const { $schema: _, ...found } = parsed.data;
  return { texts: new Map(Object.entries(found)), faults: [] };
}

function filledWith(file: DashboardFile, say: (text: string | Words) => Words) {
  const titled = <Of extends { title: string | Words }>(one: Of) => ({ ...one, title: say(one.title) });
  return {
    ...file,
    title: say(file.title),
    description: say(file.description),
    parameters: file.parameters.map(titled),
    cards: file.cards.map(({ description, empty, columns, ...card }) => ({
      ...titled(card),
      ...(description && { description: say(description) }),
      ...(empty && { empty: say(empty) }),
      columns: columns.map(titled),
    })),
  };
}
