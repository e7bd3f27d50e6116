import { DuckDBInstance } from '@duckdb/node-api';

/** Name and DuckDB type of each column, in order. */
export type Columns = Record<string, string>;

/** A text as a DuckDB SQL literal. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

type Row = Record<string, unknown>;

export type DuckDb = {
  /** Runs a statement and returns all of its rows. */
  run: (sql: string) => Promise<Row[]>;
  /** Runs a query and yields its rows, a few thousand at a time. */
  stream: (sql: string) => AsyncGenerator<Row[]>;
  close: () => void;
};

/**
 * Opens a DuckDB instance limited to one thread and `memory`, which spills into `scratch`. It uses no network and loads no
 * extensions. One thread keeps rows in order. A second would double the memory for the largest rows, and so would preserving the
 * order of several.
 */
export async function openDuckDb(scratch: string, memory = '512MB'): Promise<DuckDb> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: memory,
    temp_directory: scratch,
    autoinstall_known_extensions: 'false',
    preserve_insertion_order: 'false',
    // A path may hold another file a moment later.
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

/** Runs `work` on its own DuckDB instance; see openDuckDb(). */
export async function withDuckDb<T>(scratch: string, work: (run: DuckDb['run']) => Promise<T>): Promise<T> {
  const duckDb = await openDuckDb(scratch);
  try {
    return await work(duckDb.run);
  } finally {
    duckDb.close();
  }
}

// DuckDB's message quotes the line that it could not read, which must not be logged.
function withoutContents(message: string): string {
  const [first = ''] = message.split('\n');
  return `DuckDB: ${first.replace(/(["']).*\1/g, '…')}`;
}

/** Options for writing Parquet. A row group, which readers must load whole, is about 16 MB, however large its rows are. */
export const PARQUET = "format parquet, compression zstd, row_group_size 65536, row_group_size_bytes '16MB'";

/** SQL that reads what PostgreSQL's `copy … to stdout (format csv)` wrote and CsvSlices split. An unquoted empty cell is null. */
export function readCsv(slices: string[], columns: Columns): string {
  const types = Object.entries(columns).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  return `read_csv([${slices.map(literal).join(', ')}], columns = {${types.join(', ')}}, header = false, delim = ',', quote = '"', escape = '"',
    new_line = '\\n', nullstr = '', allow_quoted_nulls = false, auto_detect = false, max_line_size = ${LINE_BYTES}, buffer_size = ${LINE_BYTES},
    parallel = false)`;
}

const LINE_BYTES = 16_777_216;

/** Converts CSV into one Parquet file, rows in order; see readCsv(). Returns the number of rows. */
export async function csvToParquet(slices: string[], parquet: string, columns: Columns, scratch: string): Promise<number> {
  return withDuckDb(scratch, async (run) => {
    await run("set timezone = 'UTC'");
    const [result] = await run(`copy (from ${readCsv(slices, columns)}) to ${literal(parquet)} (${PARQUET})`);
    return Number(result?.Count ?? 0);
  });
}
