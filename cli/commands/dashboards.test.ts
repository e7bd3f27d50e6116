import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { lintDashboards } from './dashboards.ts';

test('the shipped definitions are valid, and a fault is one line with its file', () => {
  expect(lintDashboards(['lint'])).toMatch(/^\d+ dashboards with \d+ cards are valid\.$/);
  expect(() => lintDashboards([])).toThrow('dashboards lint');
  const folder = mkdtempSync(join(tmpdir(), 'mirante-dashboards-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(new URL('../../dashboards/', import.meta.url), folder, { recursive: true });
  writeFileSync(join(folder, 'latency/dashboard.json'), '{');
  writeFileSync(join(folder, 'tenants/activity.sql'), 'select tenant from private.tenants');
  rmSync(join(folder, 'business/opens.sql'));
  const lint = () => lintDashboards(['lint'], pathToFileURL(`${folder}/`));
  expect(lint).toThrow(
    /^dashboards\/business\/opens\.sql: (the file )?is missing\ndashboards\/latency\/dashboard\.json: .*JSON/,
  );
  expect(lint).toThrow(/\ndashboards\/tenants\/activity\.sql: must read ops\n/);
});
