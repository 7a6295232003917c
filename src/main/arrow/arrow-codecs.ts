import type { Arrow } from './load-arrow.ts';
import { decodeLz4Frame } from './lz4-frame.ts';

/** Lets apache-arrow read compressed files (LZ4 is what Feather has by default). A codec that the user gave it stays. */
export async function registerArrowCodecs(arrow: Arrow): Promise<void> {
  const { compressionRegistry: registry, CompressionType } = arrow;
  if (registry.get(CompressionType.LZ4_FRAME) === null)
    registry.set(CompressionType.LZ4_FRAME, { decode: decodeLz4Frame });
  if (registry.get(CompressionType.ZSTD) === null) {
    const { decompressZstd } = await import('hyparquet-compressors');
    // A copy, because what fzstd gives may begin anywhere in its memory, and int64 arrays want multiples of 8.
    registry.set(CompressionType.ZSTD, { decode: (bytes) => decompressZstd(bytes).slice() });
  }
}
