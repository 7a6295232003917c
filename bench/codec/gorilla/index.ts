// The XOR codec of "Gorilla: A Fast, Scalable, In-Memory Time Series Database" (Pelkonen et al., VLDB 2015), section 4.1.2: the
// baseline that the codecs are measured against, in AssemblyScript like them.

/** Encodes `count` doubles; returns the bits written. */
export function encode(values: usize, count: i32, out: usize): i32 {
  let word: u64 = load<u64>(values);
  let used: u32 = 64;
  let to = out;
  let total = 64;
  let previous = word;
  let lastLeading: u32 = 65;
  let lastTrailing: u32 = 0;
  // A word is full whenever it is met: the first value is one.
  store<u64>(to, word);
  to += 8;
  word = 0;
  used = 0;
  for (let i = 1; i < count; i++) {
    const value = load<u64>(values + ((<usize>i) << 3));
    const xor = value ^ previous;
    previous = value;
    let bits: u64;
    let length: u32;
    if (xor === 0) {
      bits = 0;
      length = 1;
    } else {
      const leading = min<u32>(31, <u32>clz(xor));
      const trailing = <u32>ctz(xor);
      let head: u64;
      let headLength: u32;
      let meaning: u64;
      let meaningLength: u32;
      if (lastLeading <= leading && lastTrailing <= trailing) {
        head = 0b01;
        headLength = 2;
        meaningLength = 64 - lastLeading - lastTrailing;
        meaning = xor >> <u64>lastTrailing;
      } else {
        meaningLength = 64 - leading - trailing;
        head = 0b11 | ((<u64>leading) << 2) | ((<u64>(meaningLength - 1)) << 7);
        headLength = 13;
        meaning = xor >> <u64>trailing;
        lastLeading = leading;
        lastTrailing = trailing;
      }
      word |= head << (<u64>used);
      used += headLength;
      total += headLength;
      if (used >= 64) {
        store<u64>(to, word);
        to += 8;
        used -= 64;
        word = used === 0 ? 0 : head >> <u64>(headLength - used);
      }
      bits = meaning;
      length = meaningLength;
    }
    word |= bits << (<u64>used);
    used += length;
    total += length;
    if (used >= 64) {
      store<u64>(to, word);
      to += 8;
      used -= 64;
      word = used === 0 ? 0 : bits >> <u64>(length - used);
    }
  }
  store<u64>(to, word);
  return total;
}

let input: usize = 0;
let bit: u64 = 0;

/** The next bits, at most 64. */
function take(length: u32): u64 {
  const at = input + <usize>((bit >> 6) << 3);
  const shift = bit & 63;
  bit += length;
  let bits = load<u64>(at) >> shift;
  if (shift + <u64>length > 64) bits |= load<u64>(at, 8) << (64 - shift);
  return length === 64 ? bits : bits & (((<u64>1) << (<u64>length)) - 1);
}

/** Decodes `count` doubles. */
export function decode(from: usize, count: i32, out: usize): void {
  input = from;
  bit = 0;
  let previous = take(64);
  store<u64>(out, previous);
  let trailing: u32 = 0;
  let length: u32 = 64;
  for (let i = 1; i < count; i++) {
    if (take(1) !== 0) {
      if (take(1) !== 0) {
        const leading = <u32>take(5);
        length = <u32>take(6) + 1;
        trailing = 64 - leading - length;
      }
      previous ^= take(length) << (<u64>trailing);
    }
    store<u64>(out + ((<usize>i) << 3), previous);
  }
}
