// SPDX-License-Identifier: Apache-2.0
// The rotation of the token key of the built-in issuer. Nothing has to be signed: verifiers fetch keys from the
// issuer itself.

import { generateKeyPairSync } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, importSPKI } from "jose";
import { err, ok, type Result } from "../../shared/result.ts";
import { publicPem, REPLACEABLE, readPublicNext } from "../deployment/replaceable.ts";
import { RETIRED_KEYS_FILE } from "../deployment/retired-keys.ts";
import { PATHS } from "../status/paths.ts";
import { refuseSecond } from "./compromised.ts";
import { readServedDocument } from "./publish.ts";
import { begin, readPending, replace } from "./replacing.ts";
import {
  command,
  DAY_MS,
  day,
  type Planned,
  type RotationContext,
  refuseEarly,
  refuseRecent,
  retireNow,
  stepsAfterRetirement,
  waitFor,
} from "./rotation.ts";

const MODULUS_BITS = 2048;

const stepsAfterAnnouncement = (context: RotationContext, at: number): readonly string[] => [
  command(context, "deploy"),
  `wait until ${day(at + (context.waitMs ?? DAY_MS))}; before that, verifiers may use cached keys of the issuer`,
  command(context, "rotate oidc --finish"),
];

/**
 * Plans to create the key and to publish its public half beside the current one. The error is a line for the
 * operator.
 */
export async function planOidc(context: RotationContext): Planned {
  const { folder } = context.deployment;
  const state = readPending(folder, "oidc");
  if (!state.ok) return state;
  if (state.value !== null) return waitFor(stepsAfterAnnouncement(context, state.value.at));
  const { key, others } = REPLACEABLE.oidc;
  const old = refuseRecent(context, "the token key", statSync(join(folder, "keys", key)).mtimeMs);
  if (!old.ok) return old;
  return ok({
    changes: [`next/oidc: a new key, whose public half ${others} announces until it is used`],
    apply: async () => {
      return makeTokenKey(context);
    },
    next: stepsAfterAnnouncement(context, context.now),
  });
}

function makeTokenKey(context: RotationContext): Result<null, string> {
  const made = generateKeyPairSync("rsa", { modulusLength: MODULUS_BITS }).privateKey;
  const pem = made.export({ type: "pkcs8", format: "pem" }).toString();
  return begin(context, "oidc", { rotation: "oidc", nextKey: { key: pem, public: publicPem(pem) } });
}

/**
 * Plans to replace the key in one step: the announced one, or a new one. The issuer no longer lists the former one. The
 * error is a line for the operator.
 */
export async function planCompromisedOidc(context: RotationContext): Planned {
  const { folder } = context.deployment;
  const state = readPending(folder, "oidc");
  if (!state.ok) return state;
  const second = state.value === null ? refuseSecond(context, "oidc") : ok(null);
  if (!second.ok) return second;
  return ok({
    changes: [
      `keys/oidc.key.pem: ${state.value === null ? "a new key" : "the announced key"}; the former one is deleted`,
      `${RETIRED_KEYS_FILE}: the former key, which the issuer no longer lists`,
    ],
    apply: async () => {
      const made = state.value === null ? makeTokenKey(context) : ok(null);
      return made.ok ? replaceTokenKey(context) : made;
    },
    next: stepsAfterRetirement(context),
  });
}

const replaceTokenKey = (context: RotationContext): Result<null, string> =>
  replace(context, "oidc", { ...retireNow(context, "oidc"), isRootRetired: false });

/** Plans to let the new key sign. The error is a line for the operator. */
export async function planOidcFinish(context: RotationContext): Planned {
  const { folder } = context.deployment;
  const state = readPending(folder, "oidc");
  if (!state.ok) return state;
  if (state.value === null) return err("no rotation is under way; begin with: npx sigedge rotate oidc");
  const early = refuseEarly(context.now, state.value.at + (context.waitMs ?? DAY_MS));
  if (!early.ok) return early;
  return ok({
    changes: [
      "keys/oidc.key.pem: the new one; the former public key moves to former/, the former private key is deleted",
    ],
    apply: async () => {
      const unserved = await refuseUnservedKey(context, readPublicNext(folder, "oidc") ?? "");
      if (!unserved.ok) return unserved;
      return replaceTokenKey(context);
    },
    next: stepsAfterRetirement(context),
  });
}

async function refuseUnservedKey(context: RotationContext, pem: string): Promise<Result<null, string>> {
  const served = await readServedDocument(context, PATHS.jwks);
  if (!served.ok || served.value === null) return served.ok ? ok(null) : served;
  const { n } = await exportJWK(await importSPKI(pem, "RS256", { extractable: true }));
  // Base64url needs no escape in JSON, and no other member of a JWK Set is as long.
  if (n !== undefined && JSON.stringify(served.value).includes(`"${n}"`)) return ok(null);
  return err("the deployment does not serve the new key yet; run npx sigedge deploy, wait, and try again");
}
