import { DuckDBInstance } from '@duckdb/node-api';

/** Name and DuckDB type of each column, in order. */
export type Columns = Record<string, string>;

/** A text as DuckDB's SQL takes it. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/**
 * Runs `work` on a DuckDB of its own, held to two threads and 512 MB, which spills into `scratch`. It reaches no network and loads
 * no extension.
 */
export async function withDuckDb<T>(
  scratch: string,
  work: (run: (sql: string) => Promise<Record<string, unknown>[]>) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: '512MB',
    temp_directory: scratch,
    autoinstall_known_extensions: 'false',
    preserve_insertion_order: 'true',
  });
  const connection = await instance.connect();
  try {
    return await work(async (sql) => {
      const result = await connection.runAndReadAll(sql).catch((error: Error) => {
        throw new Error(withoutContents(error.message));
      });
      return result.getRowObjectsJS();
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

// DuckDB quotes the line that it could not read, which no log may hold.
function withoutContents(message: string): string {
  const [first = ''] = message.split('\n');
  return `DuckDB: ${first.replace(/(["']).*\1/g, '…')}`;
}

/**
 * Turns what PostgreSQL's `copy … to stdout (format csv)` wrote into one Parquet file (zstd), rows in their order, an unquoted empty cell
 * being null. Gives the number of rows.
 */
export async function csvToParquet(csv: string, parquet: string, columns: Columns, scratch: string): Promise<number> {
  const types = Object.entries(columns).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  return withDuckDb(scratch, async (run) => {
    await run("set timezone = 'UTC'");
    const [result] = await run(
      `copy (
         from read_csv(${literal(csv)}, columns = {${types.join(', ')}}, header = false, delim = ',', quote = '"', escape = '"', new_line = '\\n',
           nullstr = '', allow_quoted_nulls = false, auto_detect = false, max_line_size = 4194304, parallel = false)
       ) to ${literal(parquet)} (format parquet, compression zstd)`,
    );
    return Number(result?.Count ?? 0);
  });
}
