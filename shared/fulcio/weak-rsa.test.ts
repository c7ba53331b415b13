// SPDX-License-Identifier: Apache-2.0
// Weak keys are made as Infineon's library made them, whose form of primes is public; strong ones by OpenSSL.

import { checkPrimeSync, generateKeyPairSync, generatePrimeSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hasClosePrimes, isRocaModulus } from "./weak-rsa.ts";

const primes = (count: number): bigint[] => {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++) if (found.every((p) => n % p !== 0n)) found.push(n);
  return found;
};

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square, rest] = [1n, base % modulus, exponent];
  for (; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/**
 * Returns a prime of 1024 bits of the form k·M + (65537^a mod M): M is the product of 126 primes for keys of 2048 bits.
 */
function infineonPrime(): bigint {
  const m = primes(126).reduce((product, prime) => product * prime, 1n);
  const bits = 1024 - m.toString(2).length;
  for (;;) {
    const a = BigInt(`0x${randomBytes(8).toString("hex")}`);
    const k = BigInt(`0x${randomBytes(16).toString("hex")}`) % (1n << BigInt(bits));
    const candidate = k * m + power(65537n, a, m);
    if (candidate > 1n << 1022n && checkPrimeSync(candidate)) return candidate;
  }
}

const modulusOf = (jwk: { readonly n?: string }): bigint =>
  BigInt(`0x${Buffer.from(jwk.n ?? "", "base64url").toString("hex")}`);

describe("the fingerprint of ROCA", () => {
  it("is on keys made that way", () => {
    expect(isRocaModulus(infineonPrime() * infineonPrime())).toBe(true);
  });

  it("is absent if one prime has another form", () => {
    const honest = generatePrimeSync(1024, { bigint: true });
    expect(isRocaModulus(infineonPrime() * honest)).toBe(false);
  });

  it("is absent from OpenSSL's keys", () => {
    for (let i = 0; i < 2; i++) {
      const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      expect(isRocaModulus(modulusOf(publicKey.export({ format: "jwk" })))).toBe(false);
    }
  });
});

describe("Fermat's method", () => {
  const nextPrime = (from: bigint): bigint => {
    let n = from | 1n;
    while (!checkPrimeSync(n)) n += 2n;
    return n;
  };
  /** Sets the two top bits, as in keys, so that the product has the full length. */
  const prime = (bits: number): bigint => {
    for (;;) {
      const candidate = generatePrimeSync(bits, { bigint: true });
      if (candidate >> BigInt(bits - 2) === 3n) return candidate;
    }
  };

  it.each([1024, 1536, 2048])("factors a modulus of neighboring primes of %i bits", (bits) => {
    const p = prime(bits);
    expect(hasClosePrimes(p * nextPrime(p + 2n))).toBe(true);
    expect(hasClosePrimes(p * p)).toBe(true);
  });

  it("reaches as far as a hundred rounds", () => {
    // The root of p · (p + 2b) is b²/2p below p + b, which takes that many rounds.
    const p = prime(1024);
    const root = BigInt(Math.floor(Math.sqrt(Number(p >> 64n)))) << 32n;
    expect(hasClosePrimes(p * nextPrime(p + 2n * 12n * root))).toBe(true);
    expect(hasClosePrimes(p * nextPrime(p + 2n * 16n * root))).toBe(false);
  });

  it("does not factor OpenSSL's keys", () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    expect(hasClosePrimes(modulusOf(publicKey.export({ format: "jwk" })))).toBe(false);
  });
});
