import { stressTest } from './stress-run.ts';

stressTest(10_000_000);
