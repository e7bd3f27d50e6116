// Plain JavaScript with Node's own modules only, because nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LOCK = join(ROOT, 'package-lock.json');
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json');
const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/;

const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

/**
 * True if node_modules has every package of the lock file in its version. Optional packages may be missing, but not differ.
 */
function isInstalled() {
  if (!existsSync(INSTALLED) || !existsSync(LOCK)) return false;
  const present = packagesOf(INSTALLED);
  return Object.entries(packagesOf(LOCK)).every(([path, { version, optional }]) => {
    const found = present[path]?.version;
    return path === '' || found === version || (optional && found === undefined);
  });
}

// The home of a service account may be missing or read-only, and npm needs one for its cache.
function cacheFlags() {
  try {
    accessSync(homedir(), constants.W_OK);
    return [];
  } catch {
    return [`--cache=${join(tmpdir(), `mirante-npm-cache-${process.getuid?.() ?? 0}`)}`];
  }
}

// Install scripts are disabled, because none is needed: no package runs code before it is imported.
function install() {
  process.stderr.write('Installing the packages of package-lock.json, once …\n');
  const quiet = [
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--ignore-scripts',
    '--include=dev',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ];
  const args = [existsSync(LOCK) ? 'ci' : 'install', ...quiet, ...cacheFlags()];
  const npm = process.env.npm_execpath;
  const [program, before] = npm ? [process.execPath, [npm]] : ['npm', []];
  const { status, stderr, error } = spawnSync(program, [...before, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status === 0) return 0;
  process.stderr.write(`${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  process.stderr.write(
    UNREACHABLE.test(stderr ?? '')
      ? 'The npm registry cannot be reached, and the packages are not installed yet. Connect, or set `npm config set registry`, then run this again.\n'
      : 'The packages could not be installed; npm says why above.\n',
  );
  return 1;
}

const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Mirante needs Node 20.19 or later; this is ${process.versions.node}. Install Node 24.\n`);
  process.exitCode = 1;
} else if (!isInstalled()) {
  process.exitCode = install();
}
