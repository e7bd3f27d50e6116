import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Request, Response } from 'express';

const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

type Encoding = 'br' | 'gzip' | 'identity';
export type Asset = { type: string; body: (encoding: Encoding) => Promise<Buffer> };

/** Files that the pages load: our own, and ECharts as its package ships it. */
export type Assets = {
  /** Returns the URL of a file. It changes when any file changes, so browsers may cache it forever. */
  url: (name: string) => string;
  /** Returns a file, or undefined if it does not exist or has another version. */
  find: (version: string, name: string) => Asset | undefined;
};

/** Reads all files, which takes a few milliseconds. Each is compressed once, at its first request. */
export function readAssets(): Assets {
  const folder = new URL('assets/', import.meta.url);
  const names = readdirSync(folder).filter((name) => (name.split('.').at(-1) as string) in TYPES);
  const files = new Map(names.map((name) => [name, readFileSync(new URL(name, folder))]));
  const echarts = dirname(createRequire(import.meta.url).resolve('echarts/package.json'));
  files.set('echarts.js', readFileSync(join(echarts, 'dist', 'echarts.esm.min.mjs')));
  const hash = createHash('sha256');
  for (const [name, file] of files) hash.update(name).update(file);
  const version = hash.digest('hex').slice(0, 12);
  const assets = new Map(
    [...files].map(([name, file]) => [name, assetOf(TYPES[name.split('.').at(-1) as string] as string, file)]),
  );
  return {
    url: (name) => `/assets/${version}/${name}`,
    find: (asked, name) => (asked === version ? assets.get(name) : undefined),
  };
}

/** A text that is the same for everybody. It is compressed once per encoding, at its first request. */
export function assetOf(type: string, file: Buffer): Asset {
  const made = new Map<Encoding, Promise<Buffer>>([['identity', Promise.resolve(file)]]);
  return {
    type,
    body(encoding) {
      const body = made.get(encoding) ?? COMPRESS[encoding](file);
      made.set(encoding, body);
      return body;
    },
  };
}

/** Sends an asset in the best encoding that the client accepts. */
export async function sendAsset(request: Request, response: Response, { type, body }: Asset): Promise<void> {
  const encoding = (request.acceptsEncodings('br', 'gzip', 'identity') || 'identity') as Encoding;
  const bytes = await body(encoding);
  response.setHeader('vary', 'Accept-Encoding');
  if (encoding !== 'identity') response.setHeader('content-encoding', encoding);
  response.setHeader('content-type', type);
  response.end(bytes);
}

// Brotli's highest quality takes two seconds for the chart library and saves a tenth.
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
const COMPRESS = {
  br: (file: Buffer) => promisify(brotliCompress)(file, BROTLI),
  gzip: (file: Buffer) => promisify(gzip)(file, { level: 9 }),
  identity: (file: Buffer) => Promise.resolve(file),
};
