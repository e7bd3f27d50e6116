import { expect, test } from 'vitest';
import { roleUrl } from './roles.ts';

test("a login's URL keeps the server's address and options, and nothing of the migrator", () => {
  const url = new URL(
    roleUrl(
      'postgres://m:hush@h:5433/db?sslmode=verify-full&sslrootcert=/a b&user=m&password=hush',
      'x'.repeat(40),
      'mirante_api',
    ),
  );
  expect([url.host, url.pathname, url.username]).toEqual(['h:5433', '/db', 'mirante_api']);
  expect(Object.fromEntries(url.searchParams)).toEqual({ sslmode: 'verify-full', sslrootcert: '/a b' });
  expect(url.href).not.toContain('hush');
});
