import type { Extent, SaltedExtent, WriterEntry } from '../../shared/format/root.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';

/** A producer's rings to one writer. */
export interface ProducerRings {
  readonly slot: number;
  /** Chunks opened and sent. */
  readonly hints: SharedArrayBuffer;
  /** Chunks that come back. */
  readonly backs: SharedArrayBuffer;
}

/** What the coordinator gives a writer. */
export type ToWriter =
  | { readonly type: 'table'; readonly definition: TableDefinition }
  /** `answers`: of how many requests this is the answer. */
  | {
      readonly type: 'extent';
      readonly use: 'data' | 'log';
      readonly extent: SaltedExtent;
      readonly answers: number;
    }
  /** There is no room now: an extent comes later, and until then checkpoints must be answered without what needs one. */
  | { readonly type: 'noRoom' }
  /** Commit, then say where you are. `seal`: write the rows of all filling chunks as blocks, or only of those long open. */
  | { readonly type: 'checkpoint'; readonly id: number; readonly seal: 'all' | 'old' }
  /** A producer has these rings to this writer. */
  | { readonly type: 'producer'; readonly rings: ProducerRings }
  /** Give back extents not begun and go on elsewhere: what is held at the file's end keeps it from shrinking. */
  | { readonly type: 'release' }
  /** Commit nothing more and end. */
  | { readonly type: 'stop' };

/** What a writer tells the coordinator. */
export type FromWriter =
  /** `least`: what it cannot do without; 0 if nothing waits. */
  | {
      readonly type: 'need';
      readonly use: 'data' | 'log';
      readonly bytes: number;
      readonly least: number;
    }
  /** The log has grown, or the directory has filled, since the last checkpoint. */
  | { readonly type: 'wantCheckpoint' }
  | {
      readonly type: 'checkpointReady';
      readonly id: number;
      /** Whether all rows that were to be sealed are; if not, the directory was full and must be emptied first. */
      readonly sealed: boolean;
      /** Extents received so far. */
      readonly received: number;
      readonly entry: WriterEntry;
      /** Directory entries below this belong to commits up to `entry.indexed`. */
      readonly directoryHead: number;
      /** Log extents that are not needed any more once a checkpoint has `entry`, and data extents' unused ends. */
      readonly released: readonly Extent[];
      /** What the writer still holds but nothing refers to yet. */
      readonly held: readonly Extent[];
    }
  /** A successor has read its predecessor's log, which lies in these extents. */
  | { readonly type: 'tookOver'; readonly chain: readonly Extent[] }
  | { readonly type: 'stopped' };
