import { failEveryCallInCi } from './fault-tests.ts';

failEveryCallInCi(2);
failEveryCallInCi(3);
