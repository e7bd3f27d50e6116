import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Pool } from '../../sql/database/db.ts';
import type { Json } from './api.ts';

export type Asked = { method: string; url: URL; body: Json; headers: IncomingHttpHeaders };
export type Reply = { status: number; body?: Json };
export type Call = Asked & { values: Record<string, string>; id: number };
export type Handler = (world: World, call: Call) => Reply | Promise<Reply>;

export type WorldOptions = {
  tag?: string;
  /** Settings defined by its environment, with their values. */
  env?: Record<string, unknown>;
  /** Number of /api/health answers before it is ready. */
  starting?: number;
  flipSsl?: boolean;
  hideSecret?: boolean;
};

export type World = {
  options: WorldOptions;
  version: number;
  starting: number;
  user: { email: string; password: string } | undefined;
  setupToken: string;
  sessions: Set<string>;
  keys: { id: number; name: string; key: string }[];
  settings: Map<string, unknown>;
  databases: Map<number, Json>;
  collections: Map<number, Json>;
  cards: Map<number, Json>;
  dashboards: Map<number, Json>;
  /** Of All Users. */
  databaseGraph: { revision: number; permissions: Record<string, Json>; staleNext: boolean };
  collectionGraph: { revision: number; permissions: Record<string, string> };
  trash: number;
  /** Connections to its databases, by URL. */
  pools: Map<string, Pool>;
  next: () => number;
};

export const MASK = '**MetabasePass**';

export function makeWorld(options: WorldOptions): World {
  const version = Number(/\.(\d+)\./.exec(options.tag ?? 'v0.65.4')?.[1]);
  let last = 0;
  const trash = 900;
  return {
    options,
    version,
    starting: options.starting ?? 0,
    user: undefined,
    setupToken: randomUUID(),
    sessions: new Set(),
    keys: [],
    settings: new Map<string, unknown>([
      ...(version >= 65 ? [['enable-embedding-modular', false] as [string, unknown]] : []),
      ['enable-embedding-static', false],
      ['show-static-embed-terms', true],
      ...(version >= 60 ? [['show-modular-embed-terms', true] as [string, unknown]] : []),
      ['enable-public-sharing', null],
      ['embedding-secret-key', null],
      ['site-url', null],
    ]),
    databases: new Map(),
    collections: new Map([[trash, { id: trash, name: 'Trash', type: 'trash', archived: false, description: null }]]),
    cards: new Map(),
    dashboards: new Map(),
    databaseGraph: { revision: 1, permissions: {}, staleNext: true },
    collectionGraph: { revision: 1, permissions: { root: 'write' } },
    trash,
    pools: new Map(),
    next: () => ++last,
  };
}

export const ok = (body: Json, status = 200): Reply => ({ status, body });
export const no = (status: number, message: string): Reply => ({ status, body: { message } });

/** The value of a setting: the environment takes precedence over the API. */
export const setting = ({ options, settings }: World, key: string) => options.env?.[key] ?? settings.get(key);
