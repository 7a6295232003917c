/** The statements of the conformance test; this file is dist/test/sql/read-statements.js then. */
export const statementsFile = new URL('../../../test/sql/statements.sql', import.meta.url);

/** The statements of a text, each ending with a semicolon at the end of a line; lines of comments are left out. */
export function readStatements(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('--'))
    .join('\n')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
