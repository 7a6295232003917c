/**
 * Names for the columns of a table in SQL. DuckDB does not tell upper from lower case, Millrace does: of columns that differ
 * only by case, the later ones get a number, `Temp_1`.
 * @param names the table's columns, `ts` first
 */
export function sqlNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let n = 1; taken.has(free.toLowerCase()); n++) free = `${name}_${n}`;
    taken.add(free.toLowerCase());
    return free;
  });
}
