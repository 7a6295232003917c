/** The sums of the first one, two, three and four of four numbers. @param zero four zeros: a constant made in a loop is made each turn */
export function prefixSums(four: v128, zero: v128): v128 {
  // Neighbouring lanes of two vectors: one instruction, whichever of the zeros come in.
  const pairs = i32x4.add(four, i32x4.shuffle(zero, four, 3, 4, 5, 6));
  return i32x4.add(pairs, i32x4.shuffle(zero, pairs, 2, 3, 4, 5));
}
