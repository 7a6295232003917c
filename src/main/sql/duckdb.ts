import { MillraceError } from '../../shared/errors.ts';

/** DuckDB's Node client as this room uses it. Only its types are imported; the package is loaded on first use. */
export type DuckDb = typeof import('@duckdb/node-api');

/** The version that the tests run with; another 1.x does as well. */
const TESTED_WITH = '1.5.5-r.5';

let loading: Promise<DuckDb> | undefined;

/**
 * DuckDB, an optional peer dependency.
 * @throws MISSING_PACKAGE, with the command that installs it
 */
export function loadDuckDb(load: () => Promise<DuckDb> = () => import('@duckdb/node-api')): Promise<DuckDb> {
  loading ??= load().catch((cause: unknown) => {
    // Installed meanwhile, it should be found on the next call.
    loading = undefined;
    throw new MillraceError(
      'MISSING_PACKAGE',
      `SELECT needs the package @duckdb/node-api, which cannot be loaded here; install it beside millrace: npm install @duckdb/node-api@${TESTED_WITH}`,
      { package: '@duckdb/node-api' },
      cause,
    );
  });
  return loading;
}
