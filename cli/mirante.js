#!/usr/bin/env node
// The programs are TypeScript and run as they are, so tsx has to stand between them and node first.
import { register } from 'tsx/esm/api';

register();
await import('./mirante.ts');
