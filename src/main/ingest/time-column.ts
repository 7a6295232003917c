/** Names under which files keep their time, the likeliest first. */
export const TIME_COLUMN_NAMES = ['ts', 'time', 'timestamp', 'date', 'datetime'] as const;

/** The column that holds the time, when the user has not said: the first of the usual names, in any case. */
export function findTimeColumn(names: readonly string[]): string | undefined {
  for (const usual of TIME_COLUMN_NAMES) {
    const found = names.find((name) => name.trim().toLowerCase() === usual);
    if (found !== undefined) return found;
  }
  return undefined;
}
