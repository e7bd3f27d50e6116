// Plain JavaScript, because nothing is installed yet when it runs. It stays one process: a shell between npm and it would
// die of Ctrl-C and hide the exit code.
import './install.js';

if (!process.exitCode) {
  const { register } = await import('tsx/esm/api');
  register();
  await import('./up.ts');
}
