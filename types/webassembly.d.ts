// The part of WebAssembly that the engine uses; the DOM's types, where the rest is, would bring a browser with them.
declare namespace WebAssembly {
  class Memory<B extends ArrayBufferLike = ArrayBuffer> {
    constructor(descriptor: { initial: number; maximum: number; shared?: boolean });
    readonly buffer: B;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
  function validate(bytes: Uint8Array): boolean;
}
