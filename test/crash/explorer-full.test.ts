import { exploreInCi } from './explorer-tests.ts';

exploreInCi(['a full file', 'a full file, maintenance by itself'], { states: 600, ofRecovery: 10 });
