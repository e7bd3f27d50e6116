import { expect, test } from 'vitest';
import { jsonOf, mapInSlices } from './json-text.ts';

const rows = Array.from({ length: 20_000 }, (_, n) => ({ bucket: new Date(n * 3600_000), rule: `<${n}> & "é"`, value: n / 3 }));

// Counts the immediates that other work gets in the meantime.
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const others = () => {
    turns++;
    if (!over) setImmediate(others);
  };
  setImmediate(others);
  await work();
  over = true;
  return turns;
}

test('a long body equals the text of JSON.stringify(), safe within HTML', async () => {
  const bodies = [
    { metric: 'm', nothing: undefined, none: null, data: rows, after: { data: [] } },
    { data: [], next_cursor: null },
    { data: rows.slice(0, 500) },
    { data: rows.slice(0, 501), more: rows.slice(0, 1001) },
    ['<a>'],
    'text',
    null,
  ];
  for (const body of bodies) {
    const text = (await jsonOf(body)).toString();
    expect(text).not.toMatch(/[<>&]/);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(body)));
    expect(
      text
        .replace(/\\u003c/g, '<')
        .replace(/\\u003e/g, '>')
        .replace(/\\u0026/g, '&'),
    ).toBe(JSON.stringify(body));
  }
});

test('other work runs while the text is made', async () => {
  expect(await turnsDuring(() => jsonOf({ data: rows }))).toBeGreaterThan(30);
  expect(await turnsDuring(() => mapInSlices(rows, (row) => ({ ...row })))).toBeGreaterThan(30);
  expect(await mapInSlices(rows, ({ value }) => value)).toEqual(rows.map(({ value }) => value));
});
