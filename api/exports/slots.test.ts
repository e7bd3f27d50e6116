import { expect, test } from 'vitest';
import { createExportSlots } from './slots.ts';

test('one tenant gets at most half, and two busy tenants leave room for a third', () => {
  const slots = createExportSlots(4);
  const take = (tenant: string) => slots.take(tenant, () => undefined);
  const end = take('a');
  take('a');
  expect(() => take('a')).toThrow(expect.objectContaining({ code: 'too-many-exports' }));
  take('b');
  expect(() => take('b')).toThrow(expect.objectContaining({ code: 'too-many-exports' }));
  take('c');
  expect(() => take('d')).toThrow(expect.objectContaining({ code: 'unavailable' }));
  end();
  take('d');
});
