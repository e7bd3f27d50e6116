import { afterAll } from 'vitest';
import { closeAll } from './clean-up.ts';

// Vitest runs this before each test file, even if the files of one worker share their modules.
afterAll(closeAll);
