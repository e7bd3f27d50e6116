import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogView } from './log-view.ts';

const TIME = '2026-11-21T12:00:00.000Z';
const line = (level: string, members: object) => JSON.stringify({ level, time: TIME, program: 'api', ...members });

function shown(quiet: boolean, ...lines: string[]): string {
  const output = new PassThrough();
  const view = createLogView(output);
  view.quiet = quiet;
  for (const text of lines) view.show(text);
  let text = '';
  for (let part = output.read(); part !== null; part = output.read()) text += part;
  return text;
}

it('prints one line for each entry, with the program that wrote it', () => {
  expect(shown(false, line('info', { msg: 'listening', port: 3000 }))).toMatch(
    /^\[\d\d:\d\d:\d\d\] INFO: api: listening \{"port":3000\}\n$/,
  );
});

it('leaves out successful requests, and only those', () => {
  const request = { msg: 'request', method: 'GET', route: '/v1/metrics', ms: 3 };
  expect(shown(false, line('info', { ...request, status: 200 }))).toBe('');
  expect(shown(false, line('warn', { ...request, status: 503 }))).toContain('WARN: api: request');
});

it('prints only warnings and errors while something is loading, and lines that are no JSON', () => {
  expect(shown(true, line('info', { msg: 'listening' }), line('error', { msg: 'broken' }))).toMatch(
    /^\[.*ERROR: api: broken\n$/,
  );
  expect(shown(true, 'Error: at start', '{"half')).toBe('Error: at start\n{"half\n');
});
