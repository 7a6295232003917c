import { flipQuarter } from './flip-tests.ts';

flipQuarter(1);
