// SPDX-License-Identifier: Apache-2.0
// `sigedge init`: makes a deployment's keys and what wrangler deploys them with. Never replaces a key.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { createDeployment, type FirstIssuers, setUrl } from "../deployment/create.ts";
import {
  DEPLOYMENT_FLAGS,
  DEPLOYMENT_USAGE,
  type Deployment,
  isName,
  offlineFolder,
  readDeployment,
  selectDeployment,
  shown,
  workerSettings,
  writePrivate,
} from "../deployment/deployment.ts";
import { operatorOf } from "../deployment/operator-issuer.ts";
import { offlinePassphrase, PASSPHRASE_FILE, PASSPHRASE_USAGE, readPassphrase } from "../deployment/passphrase.ts";
import { installTrustFile } from "../deployment/trust-root.ts";
import { redirectedFolder, redirectTo, writeConfig } from "../deployment/wrangler-config.ts";
import { readFlags } from "../flags.ts";
import { say, styled } from "../terminal.ts";

const USAGE = `sigedge init --url https://HOST [options]

Makes all keys of a deployment, and what wrangler needs to deploy it. Reaches no network. Run again, it keeps every
key, checks what is there and writes wrangler's files anew.

  --url URL        the address of the service, for ever: https://HOST, a host of a zone in your Cloudflare account or
                   https://NAME.SUBDOMAIN.workers.dev. May follow later: run init again with it
  --issuers WHICH  whom the CA believes at first: public (those of Sigstore's public instance) or none (public);
                   afterwards issuers.yaml in the folder says it
  --name NAME      of the Worker, and the beginning of the names of buckets and databases (sigedge)
${DEPLOYMENT_USAGE}
${PASSPHRASE_USAGE};
                   without a terminal one is made, and written beside the keys
  --json           one JSON object on standard output

Exit code: 0 done, 1 not done, 2 wrong use.`;

const FLAGS = {
  ...DEPLOYMENT_FLAGS,
  url: { type: "string" },
  issuers: { type: "string", default: "public" },
  name: { type: "string" },
  "passphrase-file": { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

interface Options {
  readonly folder: string;
  readonly name: string;
  readonly publicUrl: PublicUrl | null;
  readonly issuers: FirstIssuers;
  readonly passphraseFile: string | null;
  readonly json: boolean;
}

/** Runs the command; gives its exit code. */
export async function initCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return failed(options.error, 2);
  if (options.value === null) {
    say(USAGE);
    return 0;
  }
  const opened = await open(options.value);
  if (!opened.ok) return failed(opened.error, 1);
  const { deployment, isNew, madePassphrase } = opened.value;
  const settings = workerSettings(deployment);
  if (!settings.ok) return failed(settings.error, 1);
  writePrivate(join(deployment.folder, "secrets.json"), `${JSON.stringify(settings.value.secrets, null, 2)}\n`);
  const trust = deployment.publicUrl === null ? ok(null) : installTrustFile(deployment.folder, deployment.publicUrl);
  if (!trust.ok) return failed(trust.error, 1);
  await writeConfig({ deployment, worker: null, vars: settings.value.vars });
  const other = redirectedFolder();
  const isBare = (other === null || other === deployment.folder || !existsSync(other)) && redirectTo(deployment);
  const outcome = { deployment, isNew, madePassphrase, isBare };
  say(options.value.json ? outcomeJson(outcome) : outcomeText(outcome));
  return 0;
}

function failed(reason: string, code: 1 | 2): number {
  process.stderr.write(`sigedge init: ${reason}\n`);
  return code;
}

/** Null for --help. */
function readOptions(args: readonly string[]): Result<Options | null, string> {
  const flags = readFlags(args, FLAGS);
  if (!flags.ok) return flags;
  const { values, positionals } = flags.value;
  if (values.help) return ok(null);
  if (positionals.length > 0) return err(`${positionals[0]} is not an option; --help shows what there is`);
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  const url = values.url === undefined ? ok(null) : parsePublicUrl(values.url);
  if (!url.ok) return err(`--url ${url.error.reason}`);
  if (values.issuers !== "public" && values.issuers !== "none") return err("--issuers takes public or none");
  const name = values.name ?? selection.value.name;
  if (!isName(name)) return err("--name takes 2 to 42 lower-case letters, digits and hyphens, a letter first");
  return ok({
    folder: selection.value.folder,
    name,
    publicUrl: url.value,
    issuers: values.issuers,
    passphraseFile: values["passphrase-file"] ?? null,
    json: values.json,
  });
}

interface Opened {
  readonly deployment: Deployment;
  readonly isNew: boolean;
  /** No passphrase was chosen, so that one lies beside the keys. */
  readonly madePassphrase: boolean;
}

async function open(options: Options): Promise<Result<Opened, string>> {
  const { folder, publicUrl, issuers } = options;
  const known = readDeployment(folder);
  if (!known.ok) return known;
  if (known.value === null) return create(options);
  const { publicUrl: owner } = known.value;
  const madePassphrase = existsSync(join(offlineFolder(known.value), PASSPHRASE_FILE));
  if (publicUrl !== null && owner !== null && owner.href !== publicUrl.href) {
    return err(
      `${shown(folder)} belongs to ${owner.href}, for ever; another address is another deployment (--env NAME)`,
    );
  }
  if (publicUrl === null || owner !== null) return ok({ deployment: known.value, isNew: false, madePassphrase });
  const passphrase = await offlinePassphrase(offlineFolder(known.value), options.passphraseFile);
  if (!passphrase.ok) return passphrase;
  const deployment = setUrl(known.value, { publicUrl, issuers, passphrase: passphrase.value });
  return deployment.ok ? ok({ deployment: deployment.value, isNew: false, madePassphrase }) : deployment;
}

async function create({ passphraseFile, ...wanted }: Options): Promise<Result<Opened, string>> {
  const passphrase = await readPassphrase({ file: passphraseFile, isNew: true });
  if (!passphrase.ok) return passphrase;
  const deployment = await createDeployment({ ...wanted, passphrase: passphrase.value });
  return deployment.ok
    ? ok({ deployment: deployment.value, isNew: true, madePassphrase: passphrase.value === null })
    : deployment;
}

interface Outcome extends Opened {
  /** Whether a bare `wrangler deploy` deploys this one. */
  readonly isBare: boolean;
}

function outcomeJson({ deployment, isNew, madePassphrase, isBare }: Outcome): string {
  const { folder, name, publicUrl } = deployment;
  const operator = publicUrl === null ? null : operatorOf(publicUrl);
  const offline = existsSync(offlineFolder(deployment)) ? offlineFolder(deployment) : null;
  return JSON.stringify({
    folder,
    name,
    url: publicUrl?.href ?? null,
    created: isNew,
    operator,
    offline,
    passphraseBesideKeys: madePassphrase,
    bareDeploy: isBare,
  });
}

const bold = (text: string): string => styled("bold", text);
const command = (text: string): string => `  ${styled("cyan", text)}`;

function outcomeText({ deployment, isNew, madePassphrase, isBare }: Outcome): string {
  const { folder, publicUrl, name } = deployment;
  const selection = folder.endsWith(".sigedge-deploy") ? "" : ` --dir ${shown(folder)}`;
  const lines = [
    isNew ? `${styled("green", "✓")} made the keys of ${name}` : `${styled("green", "✓")} kept the keys of ${name}`,
    `  ${shown(folder)}/keys       online keys: become secrets of the Workers; keep a backup where secrets are kept`,
    `  ${shown(folder)}/issuers.yaml   whose identity tokens the CA takes; edit it before you deploy`,
  ];
  if (existsSync(offlineFolder(deployment))) lines.push("", ...offlineText(deployment, madePassphrase));
  lines.push("");
  if (publicUrl === null) {
    return [
      ...lines,
      bold("Next: say where the service will answer, for ever"),
      command(`npx sigedge init --url https://HOST${selection}`),
    ].join("\n");
  }
  const { issuer, identity } = operatorOf(publicUrl);
  lines.push(`The operator's identity: ${identity}, of ${issuer}`, "", bold("Next"));
  lines.push(command(`npx sigedge deploy${selection}`));
  if (isBare) lines.push(`or, with wrangler alone: ${styled("cyan", "npx wrangler deploy")}`);
  return lines.join("\n");
}

function offlineText(deployment: Deployment, madePassphrase: boolean): readonly string[] {
  const folder = shown(offlineFolder(deployment));
  return [
    bold(`Put ${folder} away.`),
    "  It holds the root keys, under a passphrase. No Worker needs them: copy the folder to two media that are not",
    "  connected to any machine, and delete it here. It is needed to rotate keys, and for the smoke test of deploy.",
    ...(madePassphrase
      ? [
          styled(
            "yellow",
            `  Nobody was there to choose a passphrase: one was made. ${folder}/${PASSPHRASE_FILE} holds it.`,
          ),
          styled("yellow", "  Move it elsewhere; beside the keys it protects nothing."),
        ]
      : []),
  ];
}
