import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CsvSlices } from '../jobs/exports/csv-slices.ts';
import { csvToParquet, literal, readCsv, withDuckDb } from './parquet.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mirante-it's-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('rows keep their order, types, nulls and empty texts', async () => {
  const csv = join(folder, 'x.csv');
  const parquet = join(folder, 'x.parquet');
  const json = JSON.stringify({ a: 'x,"y"\n', n: 1e21, long: 'x'.repeat(300_000) }).replaceAll('"', '""');
  await writeFile(
    csv,
    `2026-11-24 18:05:00.123456+00,1,"${json}",""\n2026-11-24 18:05:00+00,,,\n2026-11-24 18:05:01+00,2.5,"{}","a\nb"\n`,
  );
  const columns = { time: 'timestamptz', 'the n': 'double', data: 'varchar', subject: 'varchar' };
  expect(await csvToParquet([csv], parquet, columns, folder)).toBe(3);
  const rows = await withDuckDb(folder, (run) =>
    run(
      `select epoch_us(time)::varchar as us, "the n" as n, length(data)::integer as length, subject from ${literal(parquet)}`,
    ),
  );
  expect(rows).toEqual([
    { us: '1795543500123456', n: 1, length: json.replaceAll('""', '"').length, subject: '' },
    { us: '1795543500000000', n: null, length: null, subject: null },
    { us: '1795543501000000', n: 2.5, length: 2, subject: 'a\nb' },
  ]);
});

test('a value that does not fit its type is an error, and no row is lost silently', async () => {
  const csv = join(folder, 'bad.csv');
  await writeFile(csv, '1\nx\n');
  await expect(csvToParquet([csv], join(folder, 'bad.parquet'), { n: 'bigint' }, folder)).rejects.toThrow(
    /^DuckDB: Conversion Error: [^x]*$/,
  );
});

test('a Windows line end within a cell is part of it, even in the first row', async () => {
  const csv = join(folder, 'ends.csv');
  await writeFile(csv, '"a\r\nb",1\n"c",2\n');
  const parquet = join(folder, 'ends.parquet');
  expect(await csvToParquet([csv], parquet, { t: 'varchar', n: 'integer' }, folder)).toBe(2);
  const rows = await withDuckDb(folder, (run) => run(`select t from ${literal(parquet)}`));
  expect(rows).toEqual([{ t: 'a\r\nb' }, { t: 'c' }]);
});

test('slices contain whole rows, and each group has its own', async () => {
  const slices = new CsvSlices(folder, [2, 1]);
  await pipeline(Readable.from(['"a\n', '",1\n"""b', '\n",2\nc,3', '\nd,4\n'].map((part) => Buffer.from(part))), slices);
  expect(slices.groups).toHaveLength(3);
  const rows = await withDuckDb(folder, (run) =>
    Promise.all(slices.groups.map((paths) => run(`select t from ${readCsv(paths, { t: 'varchar', n: 'integer' })}`))),
  );
  expect(rows).toEqual([[{ t: 'a\n' }, { t: '"b\n' }], [{ t: 'c' }], [{ t: 'd' }]]);
});

test('many rows of the maximum event size fit, in order, in row groups that a reader can hold', async () => {
  const slices = new CsvSlices(folder);
  const text = 'x'.repeat(64_000);
  const lines = Array.from({ length: 10_000 }, (_, n) => n);
  await pipeline(
    Readable.from(lines).map((n) => Buffer.from(`${n},"${text}${n}"\n`)),
    slices,
  );
  const path = join(folder, 'large.parquet');
  expect(await csvToParquet(slices.groups.flat(), path, { n: 'integer', t: 'varchar' }, folder)).toBe(10_000);
  const [sums] = await withDuckDb(folder, (run) =>
    run(`select count(*)::integer as rows, count_if(n <> file_row_number)::integer as moved, sum(length(t))::double as letters,
           (select max(row_group_num_rows)::integer from parquet_metadata(${literal(path)})) < 1000 as small
         from read_parquet(${literal(path)}, file_row_number = true)`),
  );
  expect(sums).toEqual({ rows: 10_000, moved: 0, letters: 64_000 * 10_000 + 38_890, small: true });
}, 60_000);
