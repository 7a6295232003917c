import type { Control } from './control.ts';
import { W_COUNTERS, WRITER_COUNTERS, writerWord } from './words.ts';

export type WriterCounter = (typeof WRITER_COUNTERS)[number];

/** One of a writer's counters, as it last published it. */
export function writerCounter(control: Control, writer: number, name: WriterCounter): number {
  return control.numbers[(writerWord(writer) + W_COUNTERS) / 2 + WRITER_COUNTERS.indexOf(name)]!;
}

/** Publishes a writer's counters (the writer only). */
export function publishCounters(
  control: Control,
  writer: number,
  values: Readonly<Record<WriterCounter, number>>,
): void {
  const at = (writerWord(writer) + W_COUNTERS) / 2;
  WRITER_COUNTERS.forEach((name, i) => {
    control.numbers[at + i] = values[name];
  });
}
