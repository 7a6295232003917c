import { exploreInCi } from './explorer-tests.ts';

exploreInCi(['a trickle of rows', 'batches', 'new tables'], { states: 4300, ofRecovery: 1000 });
