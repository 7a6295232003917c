import { exploreInCi } from './explorer-tests.ts';

exploreInCi(['packs, retention, new columns', 'maintenance by itself'], { states: 6500, ofRecovery: 1200 });
