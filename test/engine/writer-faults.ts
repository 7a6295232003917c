// Runs in real writers' threads (WriterStart.faults): makes one of them fail at a step of its work, when it is armed.
import type { WriterStep } from '../../src/workers/writer/options.ts';

/** Words of the shared memory that arms the faults. */
export const KIND = 0;
export const STEP = 1;
/** How often the step is let pass before. */
export const COUNTDOWN = 2;
/** As a countdown: each writer that comes to the step fails, until another fault is armed. */
export const FOR_EVER = -1000;

export const KINDS = ['none', 'throw', 'exit', 'spin', 'out of memory'] as const;
export type Kind = (typeof KINDS)[number];

export const STEPS: readonly WriterStep[] = [
  'hints taken',
  'block staged',
  'frames gathered',
  'data written',
  'log written',
  'synced',
  'directory published',
  'logged published',
  'chunk freed',
  'commit published',
  'log read',
  'taken over',
];

/** Arms one fault: the writer that comes to the step has it. */
export function arm(words: Int32Array, kind: Kind, step: WriterStep, countdown = 0): void {
  Atomics.store(words, STEP, STEPS.indexOf(step));
  Atomics.store(words, COUNTDOWN, countdown);
  Atomics.store(words, KIND, KINDS.indexOf(kind));
}

export function faults(data: unknown): (step: WriterStep) => void {
  const words = new Int32Array(data as SharedArrayBuffer);
  return (step) => {
    const kind = Atomics.load(words, KIND);
    if (kind === 0 || STEPS[Atomics.load(words, STEP)] !== step) return;
    if (Atomics.load(words, COUNTDOWN) === FOR_EVER) fail(KINDS[kind]!, step);
    if (Atomics.sub(words, COUNTDOWN, 1) > 0) return;
    // One writer has it, though several may be at this step.
    if (Atomics.compareExchange(words, KIND, kind, 0) === kind) fail(KINDS[kind]!, step);
  };
}

function fail(kind: Kind, step: WriterStep): void {
  switch (kind) {
    case 'throw':
      throw new Error(`on purpose, at "${step}"`);
    case 'exit':
      process.exit(3);
      break;
    case 'spin':
      for (;;);
    default: {
      // In large pieces, so that memory runs out before the supervisor finds it silent.
      const hoard: number[][] = [];
      for (;;) hoard.push(new Array<number>(1_000_000).fill(hoard.length));
    }
  }
}
