import { flipQuarter } from './flip-tests.ts';

flipQuarter(2);
