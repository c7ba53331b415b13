// SPDX-License-Identifier: Apache-2.0
// Adds an entry and reads others while the isolate starts (shared/warm-up/fixture.ts says why).

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { concat } from "../../../shared/bytes/bytes.ts";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CURVES, toBigInt } from "../../../shared/crypto/curves.ts";
import { encodeEcdsaSignature } from "../../../shared/crypto/ecdsa-signature.ts";
import { verifyDigest } from "../../../shared/crypto/verify-digest.ts";
import { octetString } from "../../../shared/der/writer.ts";
import { toTransparencyLogEntry } from "../../../shared/rekor/log-entry.ts";
import { err, ok } from "../../../shared/result.ts";
import type { SequencerRpc } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import { hash } from "../../../shared/tlog/hash.ts";
import {
  NO_LIMIT,
  runWarmUp,
  serveWarmUp,
  WARM_UP_URL,
  warmUpCertificate,
  warmUpKey,
  warmUpRequest,
} from "../../../shared/warm-up/fixture.ts";
import { type Certificate, parseCertificate } from "../../../shared/x509/certificate.ts";
import {
  basicConstraintsCa,
  encodeExtension,
  extendedKeyUsage,
  KEY_USAGE,
  keyUsage,
  OID,
} from "../../../shared/x509/extensions.ts";
import { encodeSubjectAltName } from "../../../shared/x509/subject-alt-name.ts";
import { type Config, type LogEnv, readConfig } from "../env.ts";
import { verifyAndAppend } from "../rekor-v2/add-entry.ts";
import { warmUpReads } from "./reads.ts";

const EPOCH = unixMs(0);
const DIGEST = new Uint8Array(64).fill(0x55);
const SHA256_DIGEST = DIGEST.subarray(0, 32);
/** Base point of edwards25519: y = 4/5, little-endian. */
const EDWARDS_BASE = new Uint8Array(32).fill(0x66).with(0, 0x58);

/** Returns the number of reads that found something, or 0 where start-up forbids a step before them. */
export const warmUp = (serve: Serve): Promise<number> => runWarmUp(() => addAndRead(serve));

type Serve = (request: Request, config: Config) => Promise<Response>;

async function addAndRead(serve: Serve): Promise<number> {
  const signer = signingCertificate();
  const config = readConfig(warmUpEnv(signer));
  if (!config.ok) return 0;
  const body = encodeUtf8(JSON.stringify(requestOf(signer)));
  // This deployment's policy rejects the entry, but only after verifying its issuer's signature.
  await verifyAndAppend(body, depsOf(config.value));
  const open = { ...config.value, policy: { ...config.value.policy, accept: "open" } } as const;
  const added = await verifyAndAppend(body, depsOf(open));
  await serveWarmUp(() => serve(warmUpRequest("/api/v2/log/entries", "application/json", body), open));
  verifyEd25519ph();
  const found = await warmUpReads(config.value);
  return added.ok && JSON.stringify(toTransparencyLogEntry(SHA256_DIGEST, added.value.entry)).length > 0 ? found : 0;
}

/**
 * Ed25519ph runs in JavaScript, the other schemes are native. With the base point as key and R and an arbitrary S the
 * signature is computed in full and does not verify.
 */
function verifyEd25519ph(): boolean {
  const key = { kind: "ed25519", spki: EDWARDS_BASE, point: EDWARDS_BASE } as const;
  return verifyDigest(key, "SHA-512", DIGEST, concat(EDWARDS_BASE, SHA256_DIGEST.with(31, 0)));
}

function requestOf({ der }: Certificate): object {
  return {
    hashedRekordRequestV002: {
      digest: encodeBase64(SHA256_DIGEST),
      signature: {
        content: encodeBase64(signDigest()),
        verifier: { x509Certificate: { rawBytes: encodeBase64(der) }, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
      },
    },
  };
}

/** Signs SHA256_DIGEST with the nonce 1, as start-up has no randomness: r = x(G), s = (z + r·1)/1. */
function signDigest(): Uint8Array {
  const r = warmUpKey().spki.subarray(-64, -32);
  const s = (toBigInt(SHA256_DIGEST) + toBigInt(r)) % CURVES["ecdsa-p256"].n;
  const octets = s.toString(16).padStart(64, "0").match(/../g) ?? [];
  return encodeEcdsaSignature(
    concat(
      r,
      Uint8Array.from(octets, (octet) => Number.parseInt(octet, 16)),
    ),
  );
}

/** One certificate that is both the CA and the signing certificate, with a signature that does not verify. */
function signingCertificate(): Certificate {
  const extensions = [
    keyUsage(KEY_USAGE.digitalSignature, KEY_USAGE.keyCertSign),
    basicConstraintsCa(null),
    extendedKeyUsage(OID.codeSigning, false),
    encodeExtension(OID.sctList, false, octetString(new Uint8Array(0))),
    encodeSubjectAltName({ kind: "email", value: "warm-up@warm-up.invalid" }),
  ];
  const certificate = parseCertificate(warmUpCertificate(extensions, signDigest));
  if (!certificate.ok) throw new TypeError(certificate.error.reason);
  return certificate.value;
}

function warmUpEnv({ der, spki }: Certificate): LogEnv {
  const env: Partial<Record<keyof LogEnv, unknown>> = {
    PUBLIC_URL: WARM_UP_URL,
    CA_CHAIN: encodePem("CERTIFICATE", der),
    OTHER_CA_CHAINS: "",
    RETIRED_KEYS: "[]",
    ACCEPT: "own-ca+listed-keys",
    LISTED_KEYS: encodePem("PUBLIC KEY", spki),
    SIGNING_ALGORITHMS: "PKIX_ECDSA_P256_SHA_256",
    CERTIFICATE_GRACE: "10",
    ENTRIES_PER_CERTIFICATE: "10",
    ENTRIES_PER_KEY: "10",
    SHARDS: "[]",
    SEQUENCER: { getByName: () => SEQUENCER },
    TILES: {},
    INDEX: {},
    READS: NO_LIMIT,
    WRITES: NO_LIMIT,
  };
  // The bindings have the methods that the warm-up calls.
  return env as LogEnv;
}

const HEAD = { treeSize: 1, rootHash: hash(SHA256_DIGEST), checkpoint: "" };

const SEQUENCER: Pick<SequencerRpc, "appendSignature"> & { readonly describe: () => Promise<object> } = {
  appendSignature: () =>
    Promise.resolve(ok({ kind: "appended", leafIndex: 0, timestamp: EPOCH, proof: [], isShown: true, ...HEAD })),
  describe: () => Promise.resolve({ logId: SHA256_DIGEST }),
};

function depsOf({ policy, accepted }: Pick<Config, "policy" | "accepted">): Parameters<typeof verifyAndAppend>[1] {
  return {
    policy,
    accepted,
    now: () => EPOCH,
    sequencer: () => SEQUENCER,
    logId: () => Promise.resolve(SHA256_DIGEST),
    prover: { prove: () => Promise.resolve(err({ code: "beyond_head" })) },
    observe: () => {},
  };
}
