/** A contestant's results, one for each round, in the order of the rounds. */
export type RoundResults<N extends string, R> = Readonly<Record<N, readonly R[]>>;

/**
 * Runs every contestant once in each round, one after the other, so that what changes over minutes (heat, neighbours,
 * a disk that fills) meets all alike. Every second round goes backwards, so that none is always the first.
 */
export async function runInterleaved<N extends string, R>(
  contestants: readonly N[],
  rounds: number,
  run: (contestant: N, round: number) => Promise<R>,
): Promise<RoundResults<N, R>> {
  const results = Object.fromEntries(contestants.map((name) => [name, [] as R[]])) as Record<N, R[]>;
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants : [...contestants].reverse();
    for (const name of order) results[name].push(await run(name, round));
  }
  return results;
}
