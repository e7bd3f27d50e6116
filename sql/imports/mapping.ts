import { z } from 'zod';

const column = z.string().min(1).max(200);
/** A member of an event: the name of a column, or the same value for every row. */
const from = z.union([column, z.strictObject({ value: z.string().min(1).max(500) })]);

/**
 * How a row of a table, or an object of NDJSON, becomes an event. What it leaves out comes from the column of that name. A column
 * that is used nowhere else goes into `data` under its own name, unless `data` says which columns go there.
 */
export const mappingSchema = z.strictObject({
  type: from.optional(),
  id: from.optional(),
  time: from.optional(),
  subject: from.optional(),
  source: from.optional(),
  /** Members of `data`, each with the column that it comes from. */
  data: z.record(z.string().min(1).max(200), column).optional(),
  /** Columns whose values are numbers. Others are text. */
  numbers: z.array(column).max(1_000).optional(),
  /** What separates the columns of a CSV file. */
  delimiter: z.enum([',', ';', '\t', '|']).optional(),
});

export type Mapping = z.infer<typeof mappingSchema>;
