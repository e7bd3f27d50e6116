import { prettyFactory } from 'pino-pretty';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export type LogView = {
  /** Prints one line of a program's JSON log, or of its other output. */
  show: (line: string) => void;
  /** While something is loading, only warnings and errors are printed, so that the progress bar stays intact. */
  quiet: boolean;
};

/** Formats the programs' JSON logs for people. Leaves out successful requests, which would hide everything else. */
export function createLogView(output: NodeJS.WritableStream & { isTTY?: boolean }): LogView {
  const colorize = output.isTTY ?? false;
  const pretty = prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname,program',
    messageFormat: '{program}: {msg}',
    singleLine: true,
  });
  const view: LogView = {
    quiet: true,
    show(line) {
      const entry = entryOf(line);
      if (entry && LEVELS.indexOf(entry.level) < LEVELS.indexOf(view.quiet ? 'warn' : 'info')) return;
      if (entry?.level === 'info' && isRequest(entry)) return;
      output.write(entry ? pretty(line) : `${line}\n`);
    },
  };
  return view;
}

type Entry = { level: string; [name: string]: unknown };

function entryOf(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line) as Entry;
    return typeof entry.level === 'string' ? entry : undefined;
  } catch {
    // A program that crashes may leave half a line, which is printed unchanged.
    return undefined;
  }
}

const isRequest = (entry: Entry) => 'method' in entry && 'status' in entry;
