import type { Channel } from '../../src/workers/channel.ts';
import type { Scheduler } from '../support/inline-engine.ts';
import type { Random } from '../support/model-values.ts';

/** Lets actors run in any order, some more often than others, and messages come late, as the seed has it. */
export class RandomScheduler implements Scheduler {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  *turn(count: number): Generator<number> {
    const steps = 1 + this.random.below(count + 1);
    for (let i = 0; i < steps; i++) yield this.random.below(count);
  }

  pauseMs(): number {
    return this.random.chance(0.01) ? 31_000 : this.random.below(8);
  }

  delayed<In, Out>(channel: Channel<In, Out>): Channel<In, Out> {
    const late: In[] = [];
    return {
      post: (message) => channel.post(message),
      take: () => {
        for (let message = channel.take(); message !== undefined; message = channel.take())
          late.push(message);
        return this.random.chance(0.4) ? undefined : late.shift();
      },
    };
  }
}
