import { exploreInCi } from './explorer-tests.ts';

exploreInCi(['flushes', 'checkpoints by the clock'], { states: 4500, ofRecovery: 700 });
