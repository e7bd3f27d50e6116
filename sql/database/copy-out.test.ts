import { expect, test } from 'vitest';
import { useDatabase } from '../../test/support/harness.ts';
import { CopyOut } from './copy-out.ts';
import { type Client, withClient } from './db.ts';

const db = await useDatabase();

async function textOf(copy: CopyOut): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of copy) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const answers = async (client: Client) => (await client.query<{ n: number }>('select 1 as n')).rows;

test('rows of every length arrive whole, wherever the network splits them, with the requested line ends', async () => {
  // Lengths around the sizes of messages, network chunks and gathered pieces, and empty rows.
  const lengths = [0, 1, 3, 8185, 8192, 65_530, 65_536, 200_000, ...Array.from({ length: 3000 }, (_, n) => n % 41)];
  const statement = `copy (select repeat('é', n) from unnest('{${lengths.join(',')}}'::int[]) with ordinality u (n, place) order by place) to stdout`;
  for (const crlf of [false, true]) {
    await withClient(db.owner, async (client) => {
      const copy = client.query(new CopyOut(statement, { crlf }));
      const end = crlf ? '\r\n' : '\n';
      expect(await textOf(copy)).toBe(lengths.map((length) => 'é'.repeat(length) + end).join(''));
      expect(copy.rowCount).toBe(lengths.length);
      // pg sets this to clear the query's timeout. If it stayed, it would raise an error on a stream that has ended.
      expect(copy.callback).toBeUndefined();
      expect(await answers(client)).toEqual([{ n: 1 }]);
    });
  }
});

test('an error after many rows is an error, not an end, and the connection can be reused', async () => {
  await withClient(db.owner, async (client) => {
    const copy = client.query(new CopyOut('copy (select n, 1 / (50000 - n) from generate_series(1, 100000) n) to stdout'));
    let ended = false;
    copy.once('end', () => {
      ended = true;
    });
    await expect(textOf(copy)).rejects.toThrow(/division by zero/);
    await copy.over;
    expect(ended).toBe(false);
    expect(await answers(client)).toEqual([{ n: 1 }]);
    const wrong = client.query(new CopyOut('copy (select nothing) to stdout'));
    await expect(textOf(wrong)).rejects.toThrow(/does not exist/);
    expect(await answers(client)).toEqual([{ n: 1 }]);
  });
});

test('a destroyed stream is drained, and the connection can be reused', async () => {
  await withClient(db.owner, async (client) => {
    const copy = client.query(new CopyOut("copy (select repeat('x', 1000) from generate_series(1, 20000)) to stdout"));
    for await (const chunk of copy) {
      expect((chunk as Buffer).length).toBeGreaterThan(0);
      break;
    }
    await copy.over;
    expect([copy.destroyed, await answers(client)]).toEqual([true, [{ n: 1 }]]);
  });
});

test('a consumer that does not read makes it buffer only a little', async () => {
  await withClient(db.owner, async (client) => {
    const copy = client.query(new CopyOut("copy (select repeat('x', 1000) from generate_series(1, 20000)) to stdout"));
    await new Promise((done) => copy.once('readable', done));
    await db.owner.query('select pg_sleep(0.2)');
    expect(copy.readableLength).toBeLessThan(512 * 1024);
    expect((await textOf(copy)).length).toBe(20_000 * 1001);
  });
});
