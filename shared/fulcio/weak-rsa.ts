// SPDX-License-Identifier: Apache-2.0
// RSA keys that are known to be weak although nothing in them is malformed: those of Infineon's library, whose primes have the
// form k·M + (65537^a mod M) with M the product of the first primes (ROCA, CVE-2017-15361). Of such a modulus the remainder
// by each of these primes is a power of 65537, which is true of one honest modulus in 2^27 or fewer.
// Spec: Nemec et al., The Return of Coppersmith's Attack, CCS 2017, §2.2 (fingerprint).

const GENERATOR = 65537;
const PRIMES = primesUpTo(167);

/** Prime → the powers of 65537 modulo it. A prime of which they are all remainders says nothing and is left out. */
const POWERS: readonly (readonly [bigint, ReadonlySet<bigint>])[] = PRIMES.flatMap((prime) => {
  const powers = powersModulo(prime);
  return powers.size === prime - 1 ? [] : [[BigInt(prime), powers] as const];
});

/** Whether the modulus bears the fingerprint. */
export function isRocaModulus(modulus: bigint): boolean {
  return POWERS.every(([prime, powers]) => powers.has(modulus % prime));
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
