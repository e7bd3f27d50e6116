import { setTimeout } from 'node:timers/promises';

/** One program that `npm run up` has started. */
export type Part = {
  pid: number;
  /** Settles when it has gone, with how it went. */
  gone: Promise<string>;
  stop: () => Promise<void>;
  kill: () => void;
};

/** The same for as long as it is kept running, whichever start of it is the last. */
export type Kept = Omit<Part, 'gone' | 'pid'> & { pid: () => number };

export type Keeping = {
  name: string;
  start: () => Promise<Part>;
  say: (sentence: string) => void;
  /** Called with a sentence when it is not started again. */
  onGiveUp: (sentence: string) => void;
  /** Whether everything was ready once: what goes before that has never worked, and would go again. */
  isReady: () => boolean;
  firstWaitMs?: number;
};

/** As many crashes without a sound minute between them are a loop. */
const MAX_CRASHES = 6;
const SOUND_MS = 60_000;

/** Starts a program, and starts it again when it goes by itself: after a second, and twice as long each time it does not last. */
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
      // One that is just being started is stopped as well.
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
