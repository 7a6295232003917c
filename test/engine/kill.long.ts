import { killTest } from './kill-tests.ts';

killTest(Number(process.env['KILL_ROUNDS'] ?? 2500));
