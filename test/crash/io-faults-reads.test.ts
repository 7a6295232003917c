import { failEveryReadInCi } from './fault-tests.ts';

failEveryReadInCi(3);
