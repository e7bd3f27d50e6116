import type { ConsoleContext } from './context.ts';
import type { FormState } from './forms.ts';
import type { ConsoleContent } from './shell.ts';

/** How pages of the console are registered. */
export type Site = {
  /** A page at /app/<path>. `show` returns what goes into the shell; undefined where it has answered itself. */
  page: (path: string, show: (context: ConsoleContext) => Promise<ConsoleContent | undefined>) => void;
  /**
   * A form at /app/<path>. `act` does what was asked and returns the address to go to, or content to show at once (a secret that is shown
   * once). Where it throws a refusal, `again` shows the page with what was typed and what is wrong.
   */
  action: (
    path: string,
    act: (context: ConsoleContext, form: Record<string, string>) => Promise<string | ConsoleContent>,
    again: (context: ConsoleContext, state: FormState) => Promise<ConsoleContent>,
  ) => void;
};
