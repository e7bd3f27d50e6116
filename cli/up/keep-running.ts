import { setTimeout } from 'node:timers/promises';

/** One program started by `npm run up`. */
export type Part = {
  pid: number;
  /** Resolves when it has ended, with the reason. */
  gone: Promise<string>;
  stop: () => Promise<void>;
  kill: () => void;
};

/** A program that is kept running. Its methods act on the latest process. */
export type Kept = Omit<Part, 'gone' | 'pid'> & { pid: () => number };

export type Keeping = {
  name: string;
  start: () => Promise<Part>;
  say: (sentence: string) => void;
  /** Called with a sentence if it is not started again. */
  onGiveUp: (sentence: string) => void;
  /** Whether everything was ready once. A program that crashes earlier has never worked and would crash again. */
  isReady: () => boolean;
  firstWaitMs?: number;
};

/** This many crashes without a stable minute between them are a crash loop. */
const MAX_CRASHES = 6;
const SOUND_MS = 60_000;

/** Starts a program and restarts it after a crash: after one second, and twice as long after each further crash. */
export async function keepRunning({ firstWaitMs = 1000, ...keeping }: Keeping): Promise<Kept> {
  const { name, start, say, onGiveUp, isReady } = keeping;
  const stopping = new AbortController();
  const { signal } = stopping;
  let part = await start();
  let starting: Promise<void> | undefined;

  async function watch(): Promise<void> {
    let startedAt = Date.now();
    for (let crashes = 0; !signal.aborted; ) {
      const how = await part.gone;
      crashes = Date.now() - startedAt < SOUND_MS ? crashes + 1 : 1;
      let last = `${name} has stopped unexpectedly (${how}).`;
      for (let isBack = false; !isBack && !signal.aborted; ) {
        if (!isReady()) return onGiveUp(last);
        if (crashes >= MAX_CRASHES) return onGiveUp(`${last} It is not restarted: it crashed ${crashes} times in a row.`);
        const waitMs = firstWaitMs * 2 ** (crashes - 1);
        say(`${last} It restarts in ${waitMs / 1000} s.`);
        await setTimeout(waitMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        startedAt = Date.now();
        starting = start().then((started) => {
          part = started;
          isBack = true;
        });
        await starting.catch((error: Error) => {
          crashes += 1;
          last = `${name} could not be restarted (${error.message.trim()}).`;
        });
      }
    }
  }

  const watched = watch();
  return {
    pid: () => part.pid,
    async stop() {
      stopping.abort();
      // A process that is just starting is stopped as well.
      await starting?.catch(() => undefined);
      await part.stop();
      await watched;
    },
    kill() {
      stopping.abort();
      part.kill();
    },
  };
}
