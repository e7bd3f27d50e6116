#!/usr/bin/env node
// The programs are TypeScript without a build, so Node loads tsx first.
import { register } from 'tsx/esm/api';

register();
await import('./mirante.ts');
