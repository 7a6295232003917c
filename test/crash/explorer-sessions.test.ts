import { exploreInCi } from './explorer-tests.ts';

exploreInCi(['opened again and again'], { states: 2700, ofRecovery: 400 });
