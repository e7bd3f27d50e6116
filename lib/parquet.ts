import { DuckDBInstance } from '@duckdb/node-api';

/** Name and DuckDB type of each column, in order. */
export type Columns = Record<string, string>;

/** A text as DuckDB's SQL takes it. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

type Row = Record<string, unknown>;

export type DuckDb = {
  /** Runs a statement and gives all of its rows. */
  run: (sql: string) => Promise<Row[]>;
  /** Runs a query and gives its rows a few thousand at a time. */
  stream: (sql: string) => AsyncGenerator<Row[]>;
  close: () => void;
};

/**
 * A DuckDB of its own, held to one thread and some memory, which spills into `scratch`. It reaches no network and loads no extension.
 * With one thread rows keep their order; a second would double what the largest rows take, and so would what guards the order of several.
 */
export async function openDuckDb(scratch: string, memory = '512MB'): Promise<DuckDb> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: memory,
    temp_directory: scratch,
    autoinstall_known_extensions: 'false',
    preserve_insertion_order: 'false',
    // A path may be another file's a moment later.
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  const guarded = <T>(work: Promise<T>) =>
    work.catch((error: Error) => {
      throw new Error(withoutContents(error.message));
    });
  return {
    run: async (sql) => (await guarded(connection.runAndReadAll(sql))).getRowObjectsJS(),
    async *stream(sql) {
      const result = await guarded(connection.stream(sql));
      for await (const rows of result.yieldRowObjectJs()) yield rows;
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** Runs `work` on a DuckDB of its own; see openDuckDb(). */
export async function withDuckDb<T>(scratch: string, work: (run: DuckDb['run']) => Promise<T>): Promise<T> {
  const duckDb = await openDuckDb(scratch);
  try {
    return await work(duckDb.run);
  } finally {
    duckDb.close();
  }
}

// DuckDB quotes the line that it could not read, which no log may hold.
function withoutContents(message: string): string {
  const [first = ''] = message.split('\n');
  return `DuckDB: ${first.replace(/(["']).*\1/g, '…')}`;
}

/** How Parquet files are written: a part that readers must take whole is of some 16 MB, however large its rows are. */
export const PARQUET = "format parquet, compression zstd, row_group_size 65536, row_group_size_bytes '16MB'";

/** What PostgreSQL's `copy … to stdout (format csv)` wrote, cut by CsvSlices, as DuckDB reads it: an unquoted empty cell is null. */
export function readCsv(slices: string[], columns: Columns): string {
  const types = Object.entries(columns).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  return `read_csv([${slices.map(literal).join(', ')}], columns = {${types.join(', ')}}, header = false, delim = ',', quote = '"', escape = '"',
    new_line = '\\n', nullstr = '', allow_quoted_nulls = false, auto_detect = false, max_line_size = ${LINE_BYTES}, buffer_size = ${LINE_BYTES},
    parallel = false)`;
}

const LINE_BYTES = 16_777_216;

/** Turns CSV into one Parquet file, rows in their order; see readCsv(). Gives the number of rows. */
export async function csvToParquet(slices: string[], parquet: string, columns: Columns, scratch: string): Promise<number> {
  return withDuckDb(scratch, async (run) => {
    await run("set timezone = 'UTC'");
    const [result] = await run(`copy (from ${readCsv(slices, columns)}) to ${literal(parquet)} (${PARQUET})`);
    return Number(result?.Count ?? 0);
  });
}
