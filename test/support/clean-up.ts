import { onTestFinished, TestRunner } from 'vitest';

type Close = () => Promise<void> | void;

const open: Close[] = [];

/**
 * Closes a resource when the running test ends; outside a test, after the last test of the file. Resources close in reverse
 * order of opening. Returns `close`, which a test may call earlier: it runs once.
 */
export function cleanUp(close: Close): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const once = () => {
    closed ??= (async () => close())();
    return closed;
  };
  if (TestRunner.getCurrentTest()) onTestFinished(once);
  else open.push(once);
  return once;
}

/** Closes all resources opened outside of tests. */
export async function closeAll(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}
