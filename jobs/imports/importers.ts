import { combinedLog, novaLog } from './access-log.ts';
import { channelCounts } from './channel-counts.ts';
import { csvEvents } from './csv-events.ts';
import type { Importer } from './importer.ts';
import { markr } from './markr.ts';
import { ndjsonEvents } from './ndjson-events.ts';

export type * from './importer.ts';
export { Rejected } from './outcomes.ts';

/** Every importer: a file and a line here. */
export const IMPORTERS: readonly Importer[] = [csvEvents, ndjsonEvents, combinedLog, novaLog, markr, channelCounts];

/** A media type without its parameters, in lower case. */
export const essenceOf = (mediaType: string): string => (mediaType.split(';', 1)[0] as string).trim().toLowerCase();

/** The importer of a media type; undefined if none reads it. */
export const importerOf = (mediaType: string): Importer | undefined =>
  IMPORTERS.find(({ mediaTypes }) => mediaTypes.includes(essenceOf(mediaType)));
