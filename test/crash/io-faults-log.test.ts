import { failEveryCallInCi } from './fault-tests.ts';

failEveryCallInCi(0);
failEveryCallInCi(1);
