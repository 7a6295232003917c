/** A seeded stream of random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of it random. */
  uniform(): number;
  /** Uniform whole number in [0, n). n must be small beside 2³²: the bias of the plain product is n / 2³². */
  below(n: number): number;
  /** Standard normal: mean 0, σ 1. */
  normal(): number;
}

/** Rounds that PractRand spends on spreading a seed of three words through the state. */
const SEED_ROUNDS = 15;

/**
 * sfc32, the small fast counting generator of Chris Doty-Humphrey's PractRand, seeded by three words as there; normals
 * by the Box–Muller transform, which uses each pair of uniforms for two normals.
 */
export function makeRandom(a: number, b: number, c: number): Random {
  let counter = 1;
  let spare = Number.NaN;

  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  const uniform = (): number => next() / 0x1_0000_0000;
  const normal = (): number => {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = Number.NaN;
      return kept;
    }
    // 1 − u lies in (0, 1], so that the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };

  a |= 0;
  b |= 0;
  c |= 0;
  for (let round = 0; round < SEED_ROUNDS; round++) next();
  return { uniform, normal, below: (n) => Math.floor(uniform() * n) };
}
