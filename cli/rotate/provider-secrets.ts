// SPDX-License-Identifier: Apache-2.0
// The rotations of the secrets with which people sign in: the one that seals a sign-in under way, and the client
// secrets of connectors. Nothing has to be signed.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseConnectorSecrets } from "../../shared/oauth/connectors/secrets.ts";
import { SECRET_BYTES } from "../../shared/oauth/seal/secrets.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { describeRefusal, listUnknown } from "../connectors/describe.ts";
import { redirectUriOf } from "../connectors/kinds.ts";
import { askProvider } from "../connectors/probe.ts";
import { rowsOfSettings } from "../connectors/rows.ts";
import { readClientSecret } from "../connectors/secret.ts";
import { createAsk } from "../connectors/upstream.ts";
import { keysFolder, workerSettings, writePrivate } from "../deployment/deployment.ts";
import { CONNECTOR_SECRETS_FILE, NEXT_SEAL_FILE, SEAL_FILE } from "../keys/provider-secrets.ts";
import { command, type Planned, type RotationContext, refuseEarly, waitFor } from "./rotation.ts";

/** A sign-in takes at most ten minutes. */
const SIGN_IN_MS = 600_000;

const makeSecret = (): string => `${randomBytes(SECRET_BYTES).toString("base64url")}\n`;
const stepsAfterSeal = (context: RotationContext): readonly string[] => [
  command(context, "deploy"),
  command(context, "rotate oidc-seal --finish"),
];

/** Plans to give the services the next secret, with which they open and do not seal yet. */
export function planSeal(context: RotationContext): Planned {
  const next = join(keysFolder(context.deployment), NEXT_SEAL_FILE);
  if (existsSync(next)) return Promise.resolve(waitFor(stepsAfterSeal(context)));
  return Promise.resolve(
    ok({
      changes: [`keys/${NEXT_SEAL_FILE}: a new secret, which opens what it will seal`],
      apply: () => {
        writePrivate(next, makeSecret());
        return Promise.resolve(ok(null));
      },
      next: stepsAfterSeal(context),
    }),
  );
}

/**
 * Plans to seal with the next secret. The former one opens what it has sealed. The error is a line for the operator.
 */
export function planSealFinish(context: RotationContext): Planned {
  const keys = keysFolder(context.deployment);
  const [current, next] = [join(keys, SEAL_FILE), join(keys, NEXT_SEAL_FILE)];
  if (!existsSync(next))
    return Promise.resolve(err("no rotation is under way; begin with: npx sigedge rotate oidc-seal"));
  const early = refuseEarly(context.now, statSync(next).mtimeMs + (context.waitMs ?? SIGN_IN_MS));
  if (!early.ok) return Promise.resolve(early);
  return Promise.resolve(
    ok({
      changes: [`keys/${SEAL_FILE}: the new secret first, then the former one`],
      apply: () => {
        const [former = ""] = readFileSync(current, "utf8").trim().split(/\s+/);
        const made = readFileSync(next, "utf8").trim();
        // If an interrupted run has written the file, the former secret is in its second line.
        if (former !== made) writePrivate(current, `${made}\n${former}\n`);
        rmSync(next);
        return Promise.resolve(ok(null));
      },
      next: [command(context, "deploy")],
    }),
  );
}

/** Plans to replace the secret at once. Every sign-in under way begins again. */
export function planCompromisedSeal(context: RotationContext): Planned {
  const keys = keysFolder(context.deployment);
  return Promise.resolve(
    ok({
      changes: [
        `keys/${SEAL_FILE}: a new secret; the former ones open nothing, and people who are signing in begin again`,
      ],
      apply: () => {
        writePrivate(join(keys, SEAL_FILE), makeSecret());
        rmSync(join(keys, NEXT_SEAL_FILE), { force: true });
        return Promise.resolve(ok(null));
      },
      next: [
        `${command(context, "deploy")} (at once: until then, anyone who has the secret can seal a sign-in of their own)`,
        "delete the former versions of the Worker, which hold the former secret (docs/trust.md#a-stolen-key)",
      ],
    }),
  );
}

/** Plans to replace a client secret with one that the provider accepts. The error is a line for the operator. */
export async function planConnectorSecret(context: RotationContext): Planned {
  const { deployment, connector } = context;
  const settings = workerSettings(deployment);
  if (!settings.ok) return settings;
  const rows = rowsOfSettings({ ...settings.value.vars, ...settings.value.secrets });
  if (!rows.ok) return rows;
  const row = rows.value.find(({ slug }) => slug === connector.slug);
  const slugs = rows.value.map(({ slug }) => slug).join(", ");
  if (row === undefined)
    return err(`name the connector with --connector SLUG; the deployment has ${slugs === "" ? "none" : slugs}`);
  const secret = await readClientSecret({ slug: row.slug, name: row.name, file: connector.secretFile });
  if (!secret.ok) return secret;
  if (secret.value === row.secret)
    return err(`this is the client secret that ${row.slug} has; make a new one at ${row.name}`);
  const redirectUri = redirectUriOf(deployment.publicUrl.href, row.slug);
  const replaced = { ...row, secret: secret.value };
  const probed =
    context.served === null ? null : await askProvider(createAsk(deployment.publicUrl), replaced, redirectUri);
  if (probed?.ok === false) return err(`${row.name} ${probed.error}; to go on without asking it: --no-check`);
  const problem = probed === null ? null : describeRefusal(replaced, probed.value, redirectUri);
  if (problem !== null) return err(`${problem.finding}; ${problem.fix}`);
  const unknown = probed === null ? ["anything"] : listUnknown(probed.value);
  const doubt = unknown.length === 0 ? "" : ` (not checked: ${unknown.join(", ")})`;
  return ok({
    changes: [`keys/${CONNECTOR_SECRETS_FILE}: the new client secret of ${row.slug}${doubt}`],
    apply: () => Promise.resolve(replaceSecret(context, row.slug, secret.value)),
    next: [command(context, "deploy"), `then delete the former client secret at ${row.name}`],
  });
}

function replaceSecret({ deployment }: RotationContext, slug: string, secret: string): Result<null, string> {
  const file = join(keysFolder(deployment), CONNECTOR_SECRETS_FILE);
  const known = parseConnectorSecrets(readFileSync(file, "utf8"));
  if (!known.ok) return err(`${file} ${known.error}`);
  writePrivate(file, `${JSON.stringify(Object.fromEntries([...known.value, [slug, secret]]), null, 2)}\n`);
  return ok(null);
}
