/** Every failure that a user can meet has one of these stable codes; messages may change, codes do not. */
export type ErrorCode =
  | 'ABORTED' // an AbortSignal ended the call
  | 'BAD_INPUT_FILE' // a CSV, Parquet or Arrow file cannot be ingested; file, line and column are named
  | 'CLOSED' // the handle was closed
  | 'DAMAGED' // bytes of the file fail their checksum or make no sense
  | 'DATABASE_LOCKED' // another process, or another handle of this one, has it open for writing
  | 'DUPLICATE_COLUMN' // two columns of one name
  | 'FILE_NOT_FOUND' // no such file, and `create` is false
  | 'FILE_REPLACED' // the file was replaced or removed under an open database
  | 'INTERNAL' // an invariant of Millrace itself failed
  | 'INVALID_NAME' // a table or column name is empty, too long or ill-formed
  | 'INVALID_OPTION' // an option or argument is out of range or of the wrong type
  | 'INVALID_TIMESTAMP' // not a safe integer (ms tables) or not an int64 (us, ns tables)
  | 'IO_ERROR' // the operating system refused; `cause` has its error
  | 'LONE_SURROGATE' // a string that has no UTF-8 form
  | 'MISSING_PACKAGE' // an optional package is not installed; the message says how
  | 'NEWER_VERSION' // the file was made by a newer Millrace
  | 'NOT_A_DATABASE' // the file is something else
  | 'NOT_A_FILE' // the path is a directory or a device
  | 'NO_COLUMNS' // a table needs at least one column
  | 'OUT_OF_SPACE' // `maxBytes` leaves no room for what cannot be left out; open with a larger one
  | 'PACK_FAILED' // a pack that was called for failed again and again; `cause` has the last error
  | 'POISONED' // a write or sync failed before; reopen the database
  | 'READ_ONLY' // the database was opened with readOnly
  | 'RESERVED_NAME' // `ts` is the timestamp's own name
  | 'ROW_TOO_LARGE' // the strings and bytes of one row are together too long
  | 'SNAPSHOT_EXPIRED' // what a long read needs was overwritten; read again
  | 'SQL_ERROR' // a statement cannot be understood or run; the message says where
  | 'TABLE_EXISTS' // a table of this name has other columns or another unit
  | 'TOO_MANY' // tables, columns or producers over the limit
  | 'UNKNOWN_COLUMN'
  | 'UNKNOWN_TABLE'
  | 'VALUE_TOO_LARGE' // one string or byte array is over 1 MiB
  | 'WRONG_ARITY' // a row has too few or too many values
  | 'WRONG_LENGTH' // columns of a batch differ in length
  | 'WRONG_TYPE'; // a value or column does not fit its column's type

/** Plain data that says everything of an error; what crosses a thread instead of the error itself. */
export interface ErrorEnvelope {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause?: { readonly name: string; readonly message: string; readonly code?: string };
}

const BRAND = Symbol.for('millrace.error');

/**
 * The one error class of Millrace. `code` is stable; `details` holds the offending values; the message says what was
 * wrong and what to do.
 */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MillraceError';
    this.code = code;
    this.details = details;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether a value is a Millrace error, of this copy of the package or of another. */
  static is(value: unknown): value is MillraceError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
  }
}

/** Whether an error says that bytes are not what was written there: by damage, or because they were overwritten meanwhile. */
export function isDamaged(error: unknown): boolean {
  return MillraceError.is(error) && error.code === 'DAMAGED';
}

/** The envelope of any error, ready for `postMessage`. An error that is not ours becomes INTERNAL or IO_ERROR. */
export function toEnvelope(error: unknown): ErrorEnvelope {
  if (MillraceError.is(error)) {
    const envelope = { code: error.code, message: error.message, details: plain(error.details) };
    return error.cause === undefined ? envelope : { ...envelope, cause: causeOf(error.cause) };
  }
  const cause = causeOf(error);
  const code: ErrorCode = cause.code === undefined ? 'INTERNAL' : 'IO_ERROR';
  return { code, message: cause.message, details: {}, cause };
}

/** The error that an envelope describes. */
export function fromEnvelope(envelope: ErrorEnvelope): MillraceError {
  let cause: Error | undefined;
  if (envelope.cause !== undefined) {
    cause = new Error(envelope.cause.message);
    cause.name = envelope.cause.name;
    if (envelope.cause.code !== undefined) Object.assign(cause, { code: envelope.cause.code });
  }
  return new MillraceError(envelope.code, envelope.message, { ...envelope.details }, cause);
}

/** Calls, and lets an error of the file's contents say which file it was. */
export function inFile<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!MillraceError.is(error) || !['NOT_A_DATABASE', 'NEWER_VERSION', 'DAMAGED'].includes(error.code))
      throw error;
    throw new MillraceError(error.code, `${path}: ${error.message}`, { path, ...error.details }, error.cause);
  }
}

/**
 * Throws an error of the system again; returns for any other. For whoever takes a failure for damage and goes on: what could
 * not be read now is perhaps sound, and must not be given up.
 */
export function rethrowIoError(error: unknown): void {
  if (MillraceError.is(error) && error.code === 'IO_ERROR') throw error;
}

/** Throws INTERNAL unless the condition holds. Kept on in production: a wrong row is worse than an error. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new MillraceError('INTERNAL', `invariant failed: ${what}; please report this`);
}

/** A value for an error's text: short, and never a throw of its own. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || value === undefined || typeof value !== 'object') return String(value);
  return Array.isArray(value)
    ? `an array of ${value.length}`
    : `a ${value.constructor?.name ?? 'bare object'}`;
}

function causeOf(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code = (error as NodeJS.ErrnoException).code;
  return code === undefined
    ? { name: error.name, message: error.message }
    : { name: error.name, message: error.message, code };
}

function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(details)) {
    const simple =
      value === null || ['string', 'number', 'boolean', 'bigint', 'undefined'].includes(typeof value);
    result[key] = simple ? value : show(value);
  }
  return result;
}
