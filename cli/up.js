// Plain JavaScript, because nothing is installed yet when it runs. One process from here on: a shell between npm and it would
// die of Ctrl-C by itself and hide the exit code.
import './install.js';

if (!process.exitCode) {
  const { register } = await import('tsx/esm/api');
  register();
  await import('./up.ts');
}
