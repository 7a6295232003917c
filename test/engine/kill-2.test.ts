import { killTest } from './kill-tests.ts';

killTest(50);
