import type { CatalogueRelation } from './attack.ts';
import { type Attack, EVERYBODY, spelt, type Target } from './attack.ts';

// What PostgreSQL or TimescaleDB lets every login read; it contains no row of a tenant.
const isPublic = ({ schema, owner }: CatalogueRelation) =>
  schema === 'public' || (/^_?timescaledb_/.test(schema) && owner !== 'mirante_owner');

/** Everything in the catalogue, by its name: hypertables, chunks, compressed chunks, partitions, aggregates, tables, views. */
export function relationAttacks({ victim, relations }: Target): Attack[] {
  const id = spelt(victim.id);
  const holding = relations.filter(({ holds }) => holds);
  const others = relations.filter((relation) => !relation.holds && !isPublic(relation));
  const open = relations.filter(isPublic);
  return [
    ...holding.map(({ name, key }): Attack => {
      const read = `select * from ${name} where ${key} = ${id}::uuid limit 3`;
      return {
        name: `read ${name}`,
        as: EVERYBODY,
        refused: true,
        statements: [
          read,
          `copy (${read}) to stdout`,
          `select count(*) from ${name}`,
          `select ctid, xmin, t::text from ${name} t limit 1`,
        ],
        alive: [read],
      };
    }),
    ...holding
      .filter(({ kind }) => kind === 'r' || kind === 'partition')
      .map(
        ({ name, key }): Attack => ({
          name: `copy and lock ${name}`,
          as: EVERYBODY,
          oneStance: true,
          refused: true,
          statements: [`copy ${name} to stdout`, `lock table ${name} in access share mode`],
          alive: [`select * from ${name} where ${key} = ${id}::uuid limit 3`],
        }),
      ),
    ...bySchema(others).map(
      ([schema, names]): Attack => ({
        name: `read the other relations of ${schema}`,
        // The API may read the counters of rate limits of all tenants: they are its own.
        as: schema === 'limits' ? ['sql', 'metabase'] : EVERYBODY,
        oneStance: true,
        refused: true,
        statements: names.map((name) => `select * from ${name} limit 1`),
        alive: [],
      }),
    ),
    {
      name: 'read what TimescaleDB shows to everybody',
      as: EVERYBODY,
      statements: open.map(({ name }) => `select * from ${name} limit 1000`),
      alive: [`select * from private.tenants where id = ${id}::uuid`],
    },
  ];
}

function bySchema(relations: CatalogueRelation[]): [string, string[]][] {
  const schemas = new Map<string, string[]>();
  for (const { schema, name } of relations) schemas.set(schema, [...(schemas.get(schema) ?? []), name]);
  return [...schemas];
}
