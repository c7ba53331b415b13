// SPDX-License-Identifier: Apache-2.0
// Takes an entry while the isolate starts. The first run of code costs several times its later price, as it is compiled then,
// and a request that comes first has 10 ms of CPU on the Free plan; start-up has a hundred times that.

import { createECDH } from "node:crypto";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { concat } from "../../../shared/bytes/bytes.ts";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CURVES, toBigInt } from "../../../shared/crypto/curves.ts";
import { encodeEcdsaSignature } from "../../../shared/crypto/ecdsa-signature.ts";
import { verifyDigest } from "../../../shared/crypto/verify-digest.ts";
import { bitString, octetString, oid, sequence } from "../../../shared/der/writer.ts";
import { toTransparencyLogEntry } from "../../../shared/rekor/log-entry.ts";
import { err, ok } from "../../../shared/result.ts";
import { unixMs } from "../../../shared/time.ts";
import { type Certificate, encodeCertificate, encodeTbs, parseCertificate } from "../../../shared/x509/certificate.ts";
import {
  basicConstraintsCa,
  encodeExtension,
  extendedKeyUsage,
  KEY_USAGE,
  keyUsage,
  OID,
} from "../../../shared/x509/extensions.ts";
import { encodeName } from "../../../shared/x509/name.ts";
import { encodeSubjectAltName } from "../../../shared/x509/subject-alt-name.ts";
import { type Config, type LogEnv, readConfig } from "../env.ts";
import { takeEntry } from "../rekor-v2/add-entry.ts";

const EPOCH = unixMs(0);
const DIGEST = new Uint8Array(64).fill(0x55);
const SHA256_DIGEST = DIGEST.subarray(0, 32);
/** Base point of edwards25519: y = 4/5, little-endian. */
const EDWARDS_BASE = new Uint8Array(32).fill(0x66).with(0, 0x58);

/** Gives the length of the last entry's JSON, 0 if start-up does not allow it. */
export async function warmUp(): Promise<number> {
  try {
    const signer = throwAwayCertificate();
    const config = readConfig(throwAwayEnv(signer));
    if (!config.ok) return 0;
    const body = encodeUtf8(JSON.stringify(requestOf(signer)));
    // Refused, but only after its issuer's signature has been looked at.
    await takeEntry(body, depsOf(config.value));
    const added = await takeEntry(
      body,
      depsOf({ ...config.value, policy: { ...config.value.policy, accept: "open" } }),
    );
    verifyEd25519ph();
    return added.ok ? JSON.stringify(toTransparencyLogEntry(SHA256_DIGEST, added.value.entry)).length : 0;
  } catch {
    // Nothing depends on it but the speed of the first request.
    return 0;
  }
}

/** Ed25519ph is JavaScript, the others are native: the base point as key and R, and some S. It does not verify, but is computed. */
function verifyEd25519ph(): boolean {
  const key = { kind: "ed25519", spki: EDWARDS_BASE, point: EDWARDS_BASE } as const;
  return verifyDigest(key, "SHA-512", DIGEST, concat(EDWARDS_BASE, SHA256_DIGEST.with(31, 0)));
}

function requestOf({ der }: Certificate): object {
  return {
    hashedRekordRequestV002: {
      digest: encodeBase64(SHA256_DIGEST),
      signature: {
        content: encodeBase64(throwAwaySignature()),
        verifier: { x509Certificate: { rawBytes: encodeBase64(der) }, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
      },
    },
  };
}

/** The public key of the P-256 key whose secret is 1: the curve's base point. */
function throwAwayPoint(): Uint8Array {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(new Uint8Array(32).with(31, 1));
  return ecdh.getPublicKey();
}

/** Over SHA256_DIGEST by that key, with the nonce 1: r = x(G), s = (z + r·1)/1. Start-up has no randomness. */
function throwAwaySignature(): Uint8Array {
  const r = throwAwayPoint().subarray(1, 33);
  const s = (toBigInt(SHA256_DIGEST) + toBigInt(r)) % CURVES["ecdsa-p256"].n;
  const octets = s.toString(16).padStart(64, "0").match(/../g) ?? [];
  return encodeEcdsaSignature(
    concat(
      r,
      Uint8Array.from(octets, (octet) => Number.parseInt(octet, 16)),
    ),
  );
}

/** A CA and a signing certificate in one, over the key whose secret is 1, signed by nobody. */
function throwAwayCertificate(): Certificate {
  const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
  const name = encodeName({ organization: "warm-up", commonName: "warm-up" });
  const tbs = encodeTbs({
    serial: Uint8Array.of(1),
    signatureAlgorithm: algorithm,
    issuer: name,
    notBefore: EPOCH,
    notAfter: EPOCH,
    subject: name,
    spki: sequence(sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bitString(throwAwayPoint())),
    extensions: [
      keyUsage(KEY_USAGE.digitalSignature, KEY_USAGE.keyCertSign),
      basicConstraintsCa(null),
      extendedKeyUsage(OID.codeSigning, false),
      encodeExtension(OID.sctList, false, octetString(new Uint8Array(0))),
      encodeSubjectAltName({ kind: "email", value: "warm-up@warm-up.invalid" }),
    ],
  });
  const certificate = parseCertificate(encodeCertificate(tbs, algorithm, throwAwaySignature()));
  if (!certificate.ok) throw new TypeError(certificate.error.reason);
  return certificate.value;
}

/** Its CA is that certificate, which names itself as its issuer. */
function throwAwayEnv({ der, spki }: Certificate): LogEnv {
  const env: Record<keyof LogEnv, unknown> = {
    PUBLIC_URL: "https://warm-up.invalid",
    CA_CHAIN: encodePem("CERTIFICATE", der),
    OTHER_CA_CHAINS: "",
    ACCEPT: "own-ca+listed-keys",
    LISTED_KEYS: encodePem("PUBLIC KEY", spki),
    SIGNING_ALGORITHMS: "PKIX_ECDSA_P256_SHA_256",
    SHARDS: "[]",
    SEQUENCER: {},
    TILES: {},
    INDEX: {},
    READS: {},
    WRITES: {},
  };
  // Of the bindings it is only asked whether they are there.
  return env as LogEnv;
}

function depsOf({ policy, accepted }: Pick<Config, "policy" | "accepted">): Parameters<typeof takeEntry>[1] {
  const head = { treeSize: 1, rootHash: SHA256_DIGEST, checkpoint: "" };
  return {
    policy,
    accepted,
    sequencer: () => ({
      appendSignature: () =>
        Promise.resolve(ok({ kind: "appended", leafIndex: 0, timestamp: EPOCH, proof: [], ...head })),
    }),
    logId: () => Promise.resolve(SHA256_DIGEST),
    prover: { prove: () => Promise.resolve(err({ code: "beyond_head" })) },
    observe: () => {},
  };
}
