import assert from 'node:assert/strict';

/** Asserts that a value has the given fields, whatever else it has. (assert.partialDeepStrictEqual is not in Node 20.) */
export function hasFields(actual: unknown, expected: Readonly<Record<string, unknown>>): void {
  assert.ok(typeof actual === 'object' && actual !== null, `expected an object, got ${String(actual)}`);
  for (const [key, value] of Object.entries(expected)) {
    const found: unknown = (actual as Record<string, unknown>)[key];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      hasFields(found, value as Record<string, unknown>);
    } else {
      assert.deepEqual(
        found,
        value,
        `${key}: ${String(found)} in ${String((actual as Error).message ?? '')}`,
      );
    }
  }
}
