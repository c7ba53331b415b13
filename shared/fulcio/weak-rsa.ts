// SPDX-License-Identifier: Apache-2.0
// Detects well-formed RSA keys that are known to be weak. ROCA (CVE-2017-15361): Infineon's library makes primes of the
// form k·M + (65537^a mod M), where M is the product of the first primes. The remainder of such a modulus by each of
// these primes is a power of 65537, which is true of at most one honest modulus in 2^27. CVE-2022-26320: primes that
// are close to each other, so that Fermat's method factors the modulus.
// Spec: Nemec et al., The Return of Coppersmith's Attack, CCS 2017, §2.2 (fingerprint); CA/Browser Forum Baseline
// Requirements §6.1.1.3 (a hundred rounds of Fermat's method).

const GENERATOR = 65537;
const PRIMES = primesUpTo(167);

/** Prime → the powers of 65537 modulo the prime. A prime where these are all remainders says nothing and is omitted. */
const POWERS: readonly (readonly [bigint, ReadonlySet<bigint>])[] = PRIMES.flatMap((prime) => {
  const powers = powersModulo(prime);
  return powers.size === prime - 1 ? [] : [[BigInt(prime), powers] as const];
});

/** Whether the modulus has the ROCA fingerprint. */
export function isRocaModulus(modulus: bigint): boolean {
  return POWERS.every(([prime, powers]) => powers.has(modulus % prime));
}

const FERMAT_ROUNDS = 100;

/** Whether a hundred rounds of Fermat's method find both factors of an odd modulus: n = a² − b² = (a + b)(a − b). */
export function hasClosePrimes(modulus: bigint): boolean {
  let a = squareRoot(modulus);
  if (a * a === modulus) return true;
  a++;
  let b2 = a * a - modulus;
  for (let round = 0; round < FERMAT_ROUNDS; round++) {
    if (isSquare(b2)) return true;
    b2 += 2n * a + 1n;
    a++;
  }
  return false;
}

/** The 12 squares modulo 64: they spare five numbers in six the square root. */
const SQUARES_MODULO_64 = new Set(Array.from({ length: 64 }, (_, n) => (n * n) % 64));

function isSquare(n: bigint): boolean {
  if (!SQUARES_MODULO_64.has(Number(n & 63n))) return false;
  const root = squareRoot(n);
  return root * root === n;
}

/** Returns ⌊√n⌋, by Newton's method from above. */
function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt(Math.ceil((n.toString(16).length * 4) / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function powersModulo(prime: number): Set<bigint> {
  const powers = new Set<bigint>();
  for (let power = 1; !powers.has(BigInt(power)); power = (power * GENERATOR) % prime) powers.add(BigInt(power));
  return powers;
}

function primesUpTo(limit: number): readonly number[] {
  const primes: number[] = [];
  for (let n = 3; n <= limit; n += 2) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes;
}
