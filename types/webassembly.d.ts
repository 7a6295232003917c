// The part of WebAssembly that the engine uses; the DOM's types, where the rest is, would bring a browser with them.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
}
