import { exploreInCi } from './explorer-tests.ts';

exploreInCi(['packs, retention, new columns', 'maintenance by itself'], { states: 4000, ofRecovery: 500 });
