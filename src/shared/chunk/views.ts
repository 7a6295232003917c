/** The whole of one writer's memory under each of its types. Made once a thread; the memory never grows. */
export interface MemoryViews {
  readonly buffer: SharedArrayBuffer;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i64: BigInt64Array;
}

export function memoryViews(memory: WebAssembly.Memory<SharedArrayBuffer>): MemoryViews {
  const buffer = memory.buffer;
  return {
    buffer,
    u8: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    i64: new BigInt64Array(buffer),
  };
}
