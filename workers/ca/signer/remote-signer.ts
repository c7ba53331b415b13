// SPDX-License-Identifier: Apache-2.0
// Signs with a CA key that the Transit engine of Vault or OpenBao holds, over HTTPS. The Worker then has a token that
// can sign and can be revoked, and never the key. CA_KEY is the key's URL with the token as user name. It should name
// the key's version, because the engine signs with the newest by default:
// https://TOKEN@vault.example.com/v1/transit/sign/sigedge-ca?key_version=1
// Spec: https://developer.hashicorp.com/vault/api-docs/secret/transit#sign-data

import { decodeBase64, encodeBase64 } from "../../../shared/bytes/base64.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import { verifyMessage } from "../../../shared/crypto/verify-message.ts";
import { describeOutsideError, type FetchOutside } from "../../../shared/http/outside.ts";
import { member } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { parseFetchableUrl } from "../../../shared/oidc/issuer-url.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type CertificateSigner, SCHEMES } from "./ca-key.ts";

/** The address of a remote key. */
export interface RemoteKey {
  /** Without the token. */
  readonly url: string;
  readonly token: string;
  /** Null for the newest version. */
  readonly keyVersion: number | null;
}

/** The characters of a token that a header may hold. */
const HEADER_TEXT = /^[\u0021-\u007e]*$/;
const KEY_VERSION = /^\?key_version=([1-9]\d{0,8})$/;

/** A certificate takes two signatures, and clients give up after 30 s. */
const TIMEOUT_MS = 5_000;
const MAX_RESPONSE_BYTES = 16 * 1024;

/** Whether CA_KEY is an address rather than a key. */
export const isRemoteKey = (text: string): boolean => /^https?:\/\//.test(text);

/** Parses a CA_KEY that is an address. The error completes the sentence "CA_KEY …" and never contains the token. */
export function parseRemoteKey(text: string, allowLoopback: boolean): Result<RemoteKey, string> {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return err("is not a URL; give it as https://TOKEN@HOST/v1/transit/sign/NAME?key_version=1");
  const token = readToken(url);
  if (!token.ok) return token;
  const [, version] = KEY_VERSION.exec(url.search) ?? [];
  if (url.search !== "" && version === undefined) return err("must have no query but ?key_version=NUMBER");
  url.username = "";
  url.search = "";
  const address = parseFetchableUrl(url.href);
  if (!address.ok) return err(address.error.reason);
  if (address.value.isLoopback && !allowLoopback) return err("is a loopback address, for development only");
  if (url.href.includes("#")) return err("must not have a fragment");
  return ok({ url: url.href, token: token.value, keyVersion: version === undefined ? null : Number(version) });
}

function readToken({ username, password }: URL): Result<string, string> {
  if (username === "" || password !== "") return err("must have the signer's token as its user name, and no password");
  const token = decodeEscapes(username);
  return token === null || !HEADER_TEXT.test(token)
    ? err("has a user name that is not a token, or has an invalid percent escape")
    : ok(token);
}

function decodeEscapes(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/**
 * Creates a signer for the remote key whose public half is `spki`, taken from the CA's certificate. It verifies every
 * signature, so that nothing that the CA did not sign reaches the log.
 */
export function createRemoteSigner(key: RemoteKey, spki: Uint8Array, fetchOutside: FetchOutside): CertificateSigner {
  const publicKey = parsePublicKey(spki);
  const scheme = publicKey.ok ? SCHEMES[publicKey.value.kind] : undefined;
  if (!publicKey.ok || scheme === undefined) throw new TypeError("the key of the CA's certificate is not supported");
  const { webHash, vaultHash, algorithm } = scheme;
  return {
    algorithm,
    spki,
    sign: async (message) => {
      const digest = new Uint8Array(await crypto.subtle.digest(webHash, new Uint8Array(message)));
      const signature = await requestSignature(`${key.url}/${vaultHash}`, key, { digest, fetchOutside });
      if (await verifyMessage(publicKey.value, webHash, message, signature)) return signature;
      throw new Error(`the signer's response is not a ${webHash} signature by the CA's key`);
    },
  };
}

interface SigningInput {
  readonly digest: Uint8Array;
  readonly fetchOutside: FetchOutside;
}

/** Rejects without quoting the response, which may contain anything. */
async function requestSignature(
  url: string,
  { token, keyVersion }: RemoteKey,
  { digest, fetchOutside }: SigningInput,
): Promise<Uint8Array> {
  const answer = await fetchOutside(url, {
    method: "POST",
    deadline: AbortSignal.timeout(TIMEOUT_MS),
    maxBytes: MAX_RESPONSE_BYTES,
    headers: { "content-type": "application/json", "x-vault-token": token },
    body: JSON.stringify({
      input: encodeBase64(digest),
      prehashed: true,
      marshaling_algorithm: "asn1",
      ...(keyVersion === null ? {} : { key_version: keyVersion }),
    }),
  });
  if (!answer.ok) throw new Error(`the signer's response ${describeOutsideError(answer.error)}`);
  const { status, body } = answer.value;
  if (status !== 200) throw new Error(`the signer answered with status ${status}`);
  const json = parseJson(body);
  const signature = json.ok ? signatureIn(json.value) : null;
  if (signature === null) throw new Error("the signer's response is not a signature");
  return signature;
}

/** {"data": {"signature": "vault:v1:BASE64"}}, where the number is the key's version. */
function signatureIn(response: unknown): Uint8Array | null {
  const data = member(response, "data");
  const text = member(data, "signature");
  const base64 = typeof text === "string" ? /^vault:v\d+:(.+)$/.exec(text)?.[1] : undefined;
  const bytes = base64 === undefined ? null : decodeBase64(base64);
  return bytes?.ok === true ? bytes.value : null;
}
