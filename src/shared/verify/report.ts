/** What a finding is about. */
export type FindingKind =
  | 'superblock'
  | 'checkpoint'
  | 'catalog'
  | 'index'
  | 'block'
  | 'column'
  | 'log'
  | 'free space'
  | 'overlap';

/** One thing that is wrong with a file. */
export interface Finding {
  readonly kind: FindingKind;
  /** What is wrong, where, in words. */
  readonly text: string;
  readonly table?: string;
  readonly column?: string;
  /** Where in the file. */
  readonly offset?: number;
  /** Rows that cannot be read any more, as far as the file still says how many; of a column: rows that lack its value. */
  readonly rowsLost: number;
}

/** A table as verify found it. */
export interface VerifiedTable {
  readonly name: string;
  /** Rows that can be read whole. */
  readonly rows: number;
  readonly blocks: number;
  /** Rows that cannot be read, or lack the value of a column. */
  readonly rowsLost: number;
}

/** Everything that `verify` found out. */
export interface VerifyReport {
  readonly fileBytes: number;
  readonly checkpoint: number;
  readonly tables: readonly VerifiedTable[];
  readonly findings: readonly Finding[];
  /** Bytes of an unfinished commit at the end of the log: what a crash leaves, and no damage. */
  readonly droppedBytes: number;
  /** Bytes that nothing refers to and that no list has as free: they are never used again, and no damage. */
  readonly unreferencedBytes: number;
}

/** Whether nothing is wrong. */
export function isSound(report: VerifyReport): boolean {
  return report.findings.length === 0;
}
