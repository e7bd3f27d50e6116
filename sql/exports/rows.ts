import pg from 'pg';
import { FORMULA_PLACES, FORMULA_STARTS } from '../../lib/csv.ts';
import { copyWithArchive } from '../archive/archived-events.ts';
import type { ArchiveHome } from '../archive/home.ts';
import { CopyOut } from '../database/copy-out.ts';
import type { Client } from '../database/db.ts';
import { columnsOf, type Dataset } from './columns.ts';
import { metricRows } from './metrics.ts';
import { type CopyStream, type Csv, FILTERS, type Selection, type Shape } from './selection.ts';

/**
 * The rows of the transaction's tenant as bytes, straight from `copy … to stdout`: CSV without its header line, or one JSON
 * object a line. Events are ordered by time and id; metrics by bucket, metric and dimensions; test results by test and student. The stream sets `rowCount` when it
 * ends. If the database breaks off, it emits an error and never ends. With `archive`, events that have left the database are
 * included, byte for byte as before; without it, they are missing.
 */
export function copyRows(client: Client, selection: Selection, shape: Shape, archive: ArchiveHome | undefined): CopyStream {
  const copy = (source?: string) =>
    client.query(new CopyOut(copyStatement(selection, shape, source), { crlf: shape.format === 'csv' && !shape.lineEnd }));
  if (!archive || selection.dataset !== 'events') return copy();
  return copyWithArchive(client, selection, archive, copy);
}

/** The header line of CSV. */
export function csvHeader(dataset: Dataset, delimiter: string): string {
  return `${columnsOf(dataset)
    .map(({ name }) => name)
    .join(delimiter)}\r\n`;
}

/** The statement that copyRows() sends. `copy` takes no parameters, so every text in it is a quoted literal. */
export function copyStatement(selection: Selection, shape: Shape, source = 'app.events_in_order'): string {
  const { rows, order } = rowsOf(selection, source);
  if (shape.format === 'ndjson') {
    const line = selection.dataset === 'events' ? EVENT : 'row_to_json(r)';
    // Bytes that JSON text never contains as quote and delimiter, so that a line is only the text.
    return `copy (select ${line} from (${rows}) r order by ${order}) to stdout (format csv, quote e'\\x01', delimiter e'\\x02')`;
  }
  const columns = columnsOf(selection.dataset);
  const cells = columns.map(({ name, sql }) => `${cell(name, sql, shape)} as ${name}`);
  const texts = columns.filter(({ sql }) => sql === 'text' || sql === 'jsonb').map(({ name }) => name);
  const quoted = shape.guard ? `, force_quote (${texts.join(', ')})` : '';
  return `copy (select ${cells.join(', ')} from (${rows}) r order by ${order}) to stdout (format csv, delimiter '${shape.delimiter}'${quoted})`;
}

function rowsOf(selection: Selection, source: string): { rows: string; order: string } {
  if (selection.dataset === 'events') return eventRows(selection, source);
  return selection.dataset === 'metrics' ? metricRows(selection) : testResultRows(selection);
}

function testResultRows({ from, to, filter }: Selection): { rows: string; order: string } {
  const where = [
    `updated_on >= timestamptz '${from}'`,
    `updated_on < timestamptz '${to}'`,
    ...conditions('test_results', filter),
  ];
  const columns = columnsOf('test_results').map(({ name, sql }) => (sql === 'jsonb' ? `to_jsonb(${name}) as ${name}` : name));
  const rows = `select ${columns.join(', ')} from app.student_test_results where ${where.join(' and ')}`;
  return { rows, order: 'r.test_id, r.student_id' };
}

/** SQL for the selected events of the transaction's tenant. */
export const selectedEvents = (selection: Selection): string => eventRows(selection, 'app.events').rows;

function eventRows({ from, to, filter, received }: Selection, source: string): { rows: string; order: string } {
  const where = [`time >= timestamptz '${from}'`, `time < timestamptz '${to}'`, ...conditions('events', filter)];
  if (received?.from) where.push(`received_at >= ${moment(received.from)}`);
  if (received) where.push(`received_at < ${moment(received.to)}`);
  return { rows: `select * from ${source} where ${where.join(' and ')}`, order: 'r.time, r.id' };
}

const moment = (date: Date) => `timestamptz '${date.toISOString()}'`;

function conditions(dataset: Dataset, filter: Selection['filter']): string[] {
  return Object.entries(filter).map(([name, value]) => {
    if (!FILTERS[dataset].includes(name)) throw new Error(`${dataset} cannot be filtered by ${name}.`);
    const texts = [value].flat().map((text) => pg.escapeLiteral(text));
    return texts.length === 1 ? `${name} = ${texts[0]}` : `${name} in (${texts.join(', ')})`;
  });
}

const utc = (name: string) => `replace((${name} at time zone 'UTC')::text, ' ', 'T') || 'Z'`;

const guardText = (text: string) =>
  `case when ${text} ~ '^[${FORMULA_STARTS}\\t\\r\\n]|[,;\\t\\r\\n]' then regexp_replace(${text}, '${FORMULA_PLACES}', '''', 'g') else ${text} end`;

// The JSON value stays the same: the character is written as its escape. jsonb puts a space after every comma outside a text.
function guardJson(name: string): string {
  const escaped = [...FORMULA_STARTS].reduce((text, start) => {
    const code = start.charCodeAt(0).toString(16).padStart(4, '0');
    return `regexp_replace(${text}, '([,;])[${start}]', '\\1\\\\u${code}', 'g')`;
  }, `${name}::text`);
  return `case when ${name}::text ~ '[,;][${FORMULA_STARTS}]' then ${escaped} else ${name}::text end`;
}

function cell(name: string, sql: string, { guard, decimal }: Csv): string {
  if (name === 'event_id') return cell('coalesce(event_id, id::text)', sql, { guard } as Csv);
  if (sql === 'timestamptz') return utc(name);
  if (sql === 'text' && guard) return guardText(name);
  if (sql === 'jsonb' && guard) return guardJson(name);
  if (sql === 'double precision' && decimal === ',') return `replace(${name}::text, '.', ',')`;
  return name;
}

// A CloudEvents object as in GET /v1/events, plus the time of receipt, which ingestion ignores. So events that are sent again are
// recognised as duplicates, unless somebody was concealed in them.
const EVENT = [
  `'{"specversion":"1.0","id":' || to_json(coalesce(event_id, id::text))`,
  `',"source":' || to_json(source)`,
  `',"type":' || to_json(type)`,
  `',"time":"' || ${utc('time')} || '"'`,
  `case when subject is null then '' else ',"subject":' || to_json(subject) end`,
  `case when attributes is null or attributes = '{}' then '' else ',' || substr(left(attributes::text, -1), 2) end`,
  `case when data is null then '' else ',"data":' || data::text end`,
  `',"mirantereceivedat":"' || ${utc('received_at')} || '"}'`,
].join(' || ');
