/** DuckDB's client, or the reason why tests that need it are skipped. */
export const duckdb = await import('@duckdb/node-api').catch(() => undefined);
export const skip = duckdb === undefined ? '@duckdb/node-api is not installed here' : false;
