import { get, type IncomingMessage } from 'node:http';
import type { Json } from './api.ts';
import { cleanUp } from './clean-up.ts';

export type LiveStream = {
  status: number;
  /** Messages so far, each with its event, id and data. */
  messages: { event: string; id: string | undefined; data: Json }[];
  /** The offset that a reader would come back with. */
  lastId: () => string | undefined;
  comments: () => number;
  hasEnded: () => boolean;
  response: IncomingMessage;
  leave: () => void;
};

/** Opens GET /v1/events/live and keeps what comes. */
export async function openLive(
  url: string,
  key: string,
  query = '',
  headers: Record<string, string> = {},
): Promise<LiveStream> {
  const response = await new Promise<IncomingMessage>((done, fail) => {
    get(`${url}/v1/events/live${query}`, { agent: false, headers: { authorization: `Bearer ${key}`, ...headers } }, done).on(
      'error',
      fail,
    );
  });
  const messages: LiveStream['messages'] = [];
  let rest = '';
  let lastId: string | undefined;
  let comments = 0;
  let hasEnded = false;
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      lastId = fields.get('id') ?? lastId;
      if (fields.has('')) comments++;
      const data = fields.get('data');
      if (data !== undefined)
        messages.push({ event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) });
    }
  });
  response.on('close', () => {
    hasEnded = true;
  });
  response.on('error', () => undefined);
  const leave = cleanUp(() => {
    response.destroy();
  });
  return {
    status: response.statusCode ?? 0,
    messages,
    lastId: () => lastId,
    comments: () => comments,
    hasEnded: () => hasEnded,
    response,
    leave: () => void leave(),
  };
}
