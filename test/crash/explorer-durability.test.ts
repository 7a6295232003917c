import { exploreInCi } from './explorer-tests.ts';

exploreInCi(['every append durable', 'the system decides'], { states: 8500, ofRecovery: 2900 });
