import { exploreInCi } from './explorer-tests.ts';

exploreInCi(['a full file', 'a full file, maintenance by itself'], { states: 650, ofRecovery: 10 });
