import { stressTest } from './stress-run.ts';

stressTest(1_000_000);
