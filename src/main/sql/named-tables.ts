import { MillraceError, show } from '../../shared/errors.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';
import { type Statement, upper } from './statement.ts';
import type { Token } from './tokens.ts';

/** Where the tables of a database are found. */
interface Catalog {
  definitions(): readonly TableDefinition[];
  find(name: string): TableDefinition | undefined;
}

/**
 * The tables that a statement may read, by the names under which it does: each table that has the name of one of its words
 * or quoted names. A word that is no table after all (a column of that name) costs a view that nobody asks. An exact name
 * goes before one that differs in case.
 * @throws SQL_ERROR if a name may mean two tables, for DuckDB does not tell upper from lower case
 */
export function tablesOf(statement: Statement, catalog: Catalog): Map<string, TableDefinition> {
  const byFolded = new Map<string, TableDefinition[]>();
  for (const definition of catalog.definitions()) {
    const folded = definition.name.toLowerCase();
    byFolded.set(folded, [...(byFolded.get(folded) ?? []), definition]);
  }
  const tables = new Map<string, TableDefinition>();
  if (upper(statement.tokens[0]) === 'SHOW') {
    for (const [definition] of byFolded.values()) tables.set(definition!.name, definition!);
    return tables;
  }
  const chosen = new Map<string, TableDefinition>();
  for (const [i, token] of statement.tokens.entries()) {
    if (!mayBeTable(token, statement.tokens[i - 1])) continue;
    const folded = token.value.toLowerCase();
    const candidates = byFolded.get(folded);
    if (candidates === undefined) continue;
    const definition = catalog.find(token.value) ?? (candidates.length === 1 ? candidates[0]! : undefined);
    const before = chosen.get(folded);
    if (definition === undefined || (before !== undefined && before !== definition)) {
      throw ambiguous(
        token.value,
        candidates.map((candidate) => candidate.name),
      );
    }
    chosen.set(folded, definition);
    if (before === undefined) tables.set(token.value, definition);
  }
  return tables;
}

/** DuckDB takes a string for a table's name behind FROM and JOIN. */
function mayBeTable(token: Token, before: Token | undefined): boolean {
  if (token.kind === 'string') return /^(FROM|JOIN)$/.test(upper(before));
  return token.kind === 'word' || token.kind === 'quoted';
}

function ambiguous(name: string, found: readonly string[]): MillraceError {
  return new MillraceError(
    'SQL_ERROR',
    `the name ${show(name)} may be ${found.map(show).join(' or ')}: SQL does not tell upper from lower case; read one of them a statement, by its exact name`,
    { table: name },
  );
}
