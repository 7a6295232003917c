import type { Random } from '../model-values.ts';
import type { FileOp } from './tracing.ts';

/**
 * A disk as a power cut sees it: what was synced is there; of what was written since, any pieces in any order; the length
 * is any that the file had since, whether the data is there or not.
 */
export class PowerCutDisk {
  private durable: Uint8Array;
  private readonly pending: Exclude<FileOp, { kind: 'sync' }>[] = [];
  private canvas: Canvas | undefined;

  constructor(image: Uint8Array) {
    this.durable = image.slice();
  }

  /** Ranges that changes since the last sync went to; of a truncation, what it took. */
  touched(): { readonly position: number; readonly bytes: number }[] {
    return this.pending.map((op) =>
      op.kind === 'truncate'
        ? { position: op.length, bytes: Math.max(0, this.durable.length - op.length) }
        : { position: op.position, bytes: op.bytes.length },
    );
  }

  apply(op: FileOp): void {
    if (op.kind !== 'sync') {
      this.pending.push(op);
      return;
    }
    // In place where it can be: a sync costs what was written, not the file.
    const fits = this.pending.every((each) => each.kind === 'write' && endOf(each) <= this.durable.length);
    if (fits) {
      for (const each of this.pending) {
        const { bytes, position } = each as Write;
        this.durable.set(bytes, position);
        this.canvas?.note(position, position + bytes.length);
      }
    } else this.durable = this.build(this.pending);
    this.pending.length = 0;
  }

  /** A sync that failed: of what was pending, some is there, and the rest is lost for good. */
  failSync(random: Random): void {
    const pieces = this.pending.flatMap((op) => piecesOf(op, 4096));
    this.durable = this.build(pieces.filter(() => random.chance(0.5)));
    this.pending.length = 0;
  }

  /** One state that a power cut now may leave. */
  anyState(random: Random): Uint8Array {
    const plans = this.plans(random, 10);
    return this.pending.length === 0 || random.chance(0.1)
      ? this.durableImage()
      : random.pick(plans)(undefined);
  }

  /** What is there for certain. */
  durableImage(): Uint8Array {
    return this.durable.slice();
  }

  /** The same, to look at only, until the next sync. */
  get certain(): Uint8Array {
    return this.durable;
  }

  /**
   * States that a power cut now may leave. Small numbers of pending writes are gone through exhaustively, larger ones
   * by prefixes, by leaving out or keeping each one, and at random; writes are whole or torn at 512 bytes or 4 KiB.
   * @param most about how many, beyond which they are drawn at random
   */
  *states(random: Random, most: number): Generator<Uint8Array> {
    yield this.durableImage();
    for (const build of this.plans(random, most)) yield build(undefined);
  }

  /**
   * The same without memory for each: an image is gone when the next one is asked for, and may only be read.
   * @param share of the states that there would be
   */
  *statesInTurn(random: Random, most: number, share = 1): Generator<Uint8Array> {
    this.canvas ??= new Canvas();
    yield this.durable;
    for (const build of this.plans(random, most))
      if (share === 1 || random.chance(share)) yield build(this.canvas);
  }

  private plans(random: Random, most: number): ((canvas: Canvas | undefined) => Uint8Array)[] {
    const { pending } = this;
    if (pending.length === 0) return [];
    const whole = pending.map((op) => piecesOf(op, Number.POSITIVE_INFINITY));
    const choices: Piece[][] = [whole.flat()];
    if (pending.length <= 4) {
      for (let set = 1; set < 2 ** pending.length - 1; set++)
        choices.push(whole.flatMap((pieces, i) => ((set >> i) & 1 ? pieces : [])));
    } else {
      for (const i of pending.keys()) {
        choices.push(
          whole.slice(0, i).flat(),
          whole.flatMap((pieces, k) => (k === i ? [] : pieces)),
          whole[i]!,
        );
      }
    }
    const torn: Piece[][] = [];
    for (const unit of [512, 4096]) {
      const pieces = pending.map((op) => piecesOf(op, unit));
      const last = pieces.at(-1)!;
      const before = pieces.slice(0, -1).flat();
      // The last write cut off somewhere, and all of them with any pieces missing.
      torn.push([...before, ...last.slice(0, random.below(last.length))]);
      torn.push([...before, ...last.slice(1 + random.below(last.length))]);
      const all = pieces.flat();
      for (let i = 0; i < Math.min(all.length, 12); i++) {
        const share = random.pick([0.1, 0.5, 0.9]);
        torn.push(all.filter(() => random.chance(share)));
      }
    }
    const lengths = this.lengths();
    const drawn =
      choices.length + torn.length <= most
        ? choices
        : sample(choices, Math.max(2, most - torn.length), random);
    return [
      ...[...drawn, ...torn].map((pieces) => (canvas: Canvas | undefined): Uint8Array => {
        const ordered = random.chance(0.3) ? shuffled(pieces, random) : pieces;
        return this.build(ordered, canvas, random.chance(0.5) ? undefined : random.pick(lengths), random);
      }),
      // The size without any data, and all the data with the old size.
      (canvas) => this.build([], canvas, Math.max(...lengths), random),
      (canvas) => this.build(whole.flat(), canvas, this.durable.length, random),
    ];
  }

  /** Lengths that the file had since the last sync. */
  private lengths(): number[] {
    const lengths = [this.durable.length];
    let length = this.durable.length;
    for (const op of this.pending) {
      length =
        op.kind === 'truncate'
          ? Math.min(length, op.length)
          : Math.max(length, op.position + op.bytes.length);
      if (!lengths.includes(length)) lengths.push(length);
    }
    return lengths;
  }

  /** The durable image with these pieces, in this order, cut or stretched to a length if one is given. */
  private build(
    pieces: readonly Piece[],
    canvas = new Canvas(),
    length?: number,
    random?: Random,
  ): Uint8Array {
    let end = this.durable.length;
    for (const piece of pieces)
      if (piece.kind === 'write') end = Math.max(end, piece.position + piece.bytes.length);
    const image = canvas.begin(this.durable, Math.max(end, length ?? 0));
    image.fill(0, this.durable.length);
    // Room that was allotted but never written holds zeros, or whatever lay there before.
    if (random?.chance(0.25)) image.copyWithin(this.durable.length, 0, image.length - this.durable.length);
    let used = this.durable.length;
    for (const piece of pieces) {
      if (piece.kind === 'write') {
        image.set(piece.bytes, piece.position);
        canvas.note(piece.position, piece.position + piece.bytes.length);
        used = Math.max(used, piece.position + piece.bytes.length);
      } else if (piece.length < used) {
        image.fill(0, piece.length, used);
        canvas.note(piece.length, used);
        used = piece.length;
      }
    }
    return image.subarray(0, length ?? used);
  }
}

/** Memory for image after image of a disk: what the one before changed is put back, which is less than the whole. */
class Canvas {
  private memory = new Uint8Array(0);
  private base: Uint8Array | undefined;
  private readonly changed: { readonly from: number; readonly to: number }[] = [];

  /** @returns so many bytes, which begin with those of `base` */
  begin(base: Uint8Array, bytes: number): Uint8Array {
    if (this.base === base && this.memory.length >= bytes) {
      for (const { from, to } of this.changed) this.memory.set(base.subarray(from, to), from);
    } else {
      if (this.memory.length < bytes)
        this.memory = new Uint8Array(this.base === undefined ? bytes : bytes * 2);
      this.memory.set(base);
      this.base = base;
    }
    this.changed.length = 0;
    return this.memory.subarray(0, bytes);
  }

  /** A range of the image or of the base was changed. */
  note(from: number, to: number): void {
    this.changed.push({ from, to });
  }
}

type Piece = Exclude<FileOp, { kind: 'sync' }>;
type Write = Extract<FileOp, { kind: 'write' }>;

function endOf({ position, bytes }: Write): number {
  return position + bytes.length;
}

/** A write as the disk may take it: in parts between multiples of `unit` of the file. */
function piecesOf(op: Piece, unit: number): Piece[] {
  if (op.kind === 'truncate' || unit === Number.POSITIVE_INFINITY) return [op];
  const pieces: Piece[] = [];
  for (let at = 0; at < op.bytes.length; ) {
    const position = op.position + at;
    const length = Math.min(unit - (position % unit), op.bytes.length - at);
    pieces.push({ kind: 'write', position, bytes: op.bytes.subarray(at, at + length) });
    at += length;
  }
  return pieces;
}

function sample<T>(list: readonly T[], count: number, random: Random): T[] {
  return Array.from({ length: count }, () => random.pick(list));
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [copy[i], copy[other]] = [copy[other]!, copy[i]!];
  }
  return copy;
}
