// SPDX-License-Identifier: Apache-2.0
// `sigedge init`: creates a deployment's keys and the configuration that wrangler deploys. Never replaces a key.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Arguments, defineCommand, refusePositionals } from "../command.ts";
import { type AddedConnector, parseWanted, type WantedConnector } from "../connectors/add.ts";
import { createDeployment, type FirstIssuers, type NewDeployment, setUrl } from "../deployment/create.ts";
import {
  DEPLOYMENT_FLAGS,
  type Deployment,
  deploymentFlags,
  isName,
  offlineFolder,
  openIssuersLine,
  readDeployment,
  selectDeployment,
  shortenPath,
  workerSettings,
  writePrivate,
} from "../deployment/deployment.ts";
import { operatorOf } from "../deployment/operator-issuer.ts";
import { askOfflinePassphrase, PASSPHRASE_FILE, PASSPHRASE_FLAGS, readPassphrase } from "../deployment/passphrase.ts";
import { installTrustFile, TRUST_FILE_CHANGED } from "../deployment/trust-root.ts";
import { findRedirectedFolder, redirectTo, writeConfig } from "../deployment/wrangler-config.ts";
import { paint } from "../terminal.ts";
import { addToFolder } from "./add-connectors.ts";
import { parseAddress } from "./address-problem.ts";
import { checkPassphrase } from "./offline-keys.ts";

const FLAGS = {
  url: {
    value: "URL",
    description:
      "The permanent address of the service: https://HOST with a host of a zone in your Cloudflare account, or https://NAME.SUBDOMAIN.workers.dev. You can run init without it and set it in a later run.",
  },
  issuers: {
    value: "WHICH",
    default: "public",
    choices: ["public", "none"],
    description:
      "Which OpenID issuers the CA accepts at first: public for those of Sigstore's public instance, or none. Afterwards, edit issuers.yaml in the folder.",
  },
  connector: {
    value: "KIND",
    multiple: true,
    description:
      "A provider at which people sign in: github, google, entra, gitlab, bitbucket, oidc or access, with what the terminal would ask for after commas: oidc,issuer=https://HOST,clientID=ID,secretFile=FILE. Also slug, name and id, as in docs/sign-in.md. May be repeated. The secret is read from secretFile, from SIGEDGE_CONNECTOR_SECRET_SLUG, or asked for.",
  },
  "no-check": { description: "Do not ask the providers of new connectors whether they know this deployment." },
  name: {
    value: "NAME",
    description:
      "Name of the Worker and prefix of bucket and database names. Default: sigedge, or sigedge-ENV with --env.",
  },
  ...DEPLOYMENT_FLAGS,
  ...PASSPHRASE_FLAGS,
} as const;

interface Options {
  readonly folder: string;
  readonly name: string;
  readonly publicUrl: PublicUrl | null;
  readonly issuers: FirstIssuers;
  readonly passphraseFile: string | null;
  readonly connectors: readonly WantedConnector[];
  readonly isChecked: boolean;
}

export const INIT = defineCommand({
  name: "init",
  summary: "create the keys of a deployment and its wrangler configuration",
  usage: ["init --url https://HOST [options]", "init [options]"],
  description: [
    "Creates every key of a deployment and the configuration that wrangler deploys. Uses no network, unless --connector asks a provider.",
    "A later run keeps every key, checks the folder and writes wrangler's configuration again.",
    "Without a terminal and without a passphrase, init generates one and stores it beside the offline keys.",
  ],
  arguments: [],
  flags: FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    { title: "Create a deployment", command: "npx sigedge init --url https://sign.example.com" },
    {
      title: "Create a staging deployment beside it, which accepts no public issuer",
      command: "npx sigedge init --url https://staging.example.com --env staging --issuers none",
    },
    {
      title: "Create a deployment at which people sign in with GitHub, or add GitHub to an existing one",
      command: "npx sigedge init --url https://sign.example.com --connector github",
    },
    { title: "Create the keys now and set the address later", command: "npx sigedge init" },
  ],
  exitCodes: {
    0: "The deployment is ready.",
    1: "The deployment could not be created or checked.",
    2: "The arguments are wrong.",
  },
  read: readOptions,
  run: async (options, output) => {
    const added = await addToFolder(options, output.say);
    if (!added.ok) return added;
    const opened = await open({ ...options, files: added.value.files });
    if (!opened.ok) return opened;
    const { deployment, isSigned } = opened.value;
    writeAll(deployment.folder, added.value.files);
    const written = await writeFiles(deployment);
    if (!written.ok) return written;
    const { connectors, isFirst } = added.value;
    const outcome = { ...opened.value, ...written.value, connectors, isUnsigned: isFirst && !isSigned };
    output.result(outcomeJson(outcome), outcomeText(outcome));
    return ok(0);
  },
});

function readOptions(args: Arguments<typeof FLAGS>): Result<Options, string> {
  const { values } = args;
  const unexpected = refusePositionals(args);
  if (!unexpected.ok) return unexpected;
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  const url = values.url === null ? ok(null) : parseAddress(values.url, values.name ?? selection.value.name);
  if (!url.ok) return url;
  if (values.issuers !== "public" && values.issuers !== "none") return err("--issuers must be public or none");
  const name = values.name ?? selection.value.name;
  const connectors = values.connector.map(parseWanted);
  const wrong = connectors.find((one) => !one.ok);
  if (wrong !== undefined && !wrong.ok) return err(`--connector ${wrong.error}`);
  if (!isName(name))
    return err("--name must be 2 to 42 lowercase letters, digits and hyphens, and must start with a letter");
  return ok({
    folder: selection.value.folder,
    name,
    publicUrl: url.value,
    issuers: values.issuers,
    passphraseFile: values["passphrase-file"],
    connectors: connectors.flatMap((one) => (one.ok ? [one.value] : [])),
    isChecked: !values["no-check"],
  });
}

/** The files outside the deployment's folder that init writes. */
interface Written {
  /** Whether a bare `wrangler deploy` deploys this deployment. */
  readonly isBare: boolean;
  /** Whether deployment/trust.json, which git tracks, changed. */
  readonly isTrustFileChanged: boolean;
}

/** Writes what wrangler reads. */
async function writeFiles(deployment: Deployment): Promise<Result<Written, string>> {
  const settings = workerSettings(deployment);
  if (!settings.ok) return settings;
  writePrivate(join(deployment.folder, "secrets.json"), `${JSON.stringify(settings.value.secrets, null, 2)}\n`);
  const trust = deployment.publicUrl === null ? ok(false) : installTrustFile(deployment.folder, deployment.publicUrl);
  if (!trust.ok) return trust;
  await writeConfig({ deployment, worker: null, vars: settings.value.vars });
  const other = findRedirectedFolder();
  const isBare = (other === null || other === deployment.folder || !existsSync(other)) && redirectTo(deployment);
  return ok({ isBare, isTrustFileChanged: trust.value });
}

interface Opened {
  readonly deployment: Deployment;
  readonly isNew: boolean;
  /** Whether init generated the passphrase, which is then stored beside the keys. */
  readonly madePassphrase: boolean;
  /** Whether this run has signed the trust root. */
  readonly isSigned: boolean;
}

function writeAll(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) writePrivate(join(folder, path), text);
}

async function open(options: Options & Pick<NewDeployment, "files">): Promise<Result<Opened, string>> {
  const { folder, publicUrl, issuers } = options;
  const known = readDeployment(folder);
  if (!known.ok) return known;
  if (known.value === null) return create(options);
  const { publicUrl: owner } = known.value;
  const madePassphrase = existsSync(join(offlineFolder(known.value), PASSPHRASE_FILE));
  if (publicUrl !== null && owner !== null && owner.href !== publicUrl.href) {
    return err(
      `${shortenPath(folder)} belongs to ${owner.href} permanently; create another deployment for another address (--env NAME)`,
    );
  }
  if (publicUrl === null || owner !== null) {
    const opens =
      options.passphraseFile === null ? ok(null) : await checkPassphrase(known.value, options.passphraseFile);
    return opens.ok ? ok({ deployment: known.value, isNew: false, madePassphrase, isSigned: false }) : opens;
  }
  const passphrase = await askOfflinePassphrase(offlineFolder(known.value), options.passphraseFile);
  if (!passphrase.ok) return passphrase;
  // Before the trust root is signed, which names where people sign in.
  writeAll(folder, options.files ?? new Map());
  const deployment = setUrl(known.value, { publicUrl, issuers, passphrase: passphrase.value });
  return deployment.ok
    ? ok({ deployment: deployment.value, isNew: false, madePassphrase, isSigned: true })
    : deployment;
}

async function create({
  passphraseFile,
  ...wanted
}: Options & Pick<NewDeployment, "files">): Promise<Result<Opened, string>> {
  const passphrase = await readPassphrase({ file: passphraseFile, isNew: true });
  if (!passphrase.ok) return passphrase;
  const deployment = await createDeployment({ ...wanted, passphrase: passphrase.value });
  return deployment.ok
    ? ok({
        deployment: deployment.value,
        isNew: true,
        madePassphrase: passphrase.value === null,
        isSigned: wanted.publicUrl !== null,
      })
    : deployment;
}

interface Outcome extends Opened, Written {
  readonly connectors: readonly AddedConnector[];
  /** Whether the signing config does not name this deployment as a place to sign in yet. */
  readonly isUnsigned: boolean;
}

function outcomeJson({ deployment, isNew, madePassphrase, isBare, isTrustFileChanged, connectors }: Outcome): object {
  const { folder, name, publicUrl } = deployment;
  const operator = publicUrl === null ? null : operatorOf(publicUrl);
  const offline = existsSync(offlineFolder(deployment)) ? offlineFolder(deployment) : null;
  return {
    folder,
    name,
    url: publicUrl?.href ?? null,
    created: isNew,
    operator,
    offline,
    passphraseBesideKeys: madePassphrase,
    bareDeploy: isBare,
    trustFileChanged: isTrustFileChanged,
    connectors,
  };
}

const bold = (text: string): string => paint("bold", text);
const commandLine = (text: string): string => `  ${paint("cyan", text)}`;

function outcomeText(outcome: Outcome): string {
  const { deployment, isNew, madePassphrase, isBare, isTrustFileChanged } = outcome;
  const { folder, publicUrl, name } = deployment;
  const selection = deploymentFlags(deployment)
    .map((word) => ` ${word}`)
    .join("");
  const lines = [
    `${paint("green", "✓")} ${isNew ? "created" : "kept"} the keys of ${name}`,
    `  ${shortenPath(folder)}/keys       online keys, which become secrets of the Workers; back them up where you keep secrets`,
    `  ${shortenPath(folder)}/issuers.yaml   the issuers whose identity tokens the CA accepts; edit it before you deploy`,
  ];
  if (isTrustFileChanged) lines.push(`  ${TRUST_FILE_CHANGED}`);
  lines.push(...outcome.connectors.map(connectorText));
  const admits = openIssuersLine(deployment);
  if (admits !== null) lines.push("", paint("yellow", `The CA ${admits}`));
  const offline = existsSync(offlineFolder(deployment)) ? ["", ...offlineText(deployment, madePassphrase)] : [];
  lines.push("");
  if (publicUrl === null) {
    return [
      ...lines,
      bold("Next: set the permanent address of the service"),
      commandLine(`npx sigedge init --url https://HOST${selection}`),
      ...offline,
    ].join("\n");
  }
  const { issuer, identity } = operatorOf(publicUrl);
  lines.push(`The operator's identity: ${identity}, issued by ${issuer}`, "", bold("Next"));
  if (outcome.isUnsigned) lines.push(commandLine(`npx sigedge rotate signing-config${selection}`));
  lines.push(commandLine(`npx sigedge deploy${selection}`));
  if (isBare) lines.push(`or, with wrangler alone: ${paint("cyan", "npx wrangler deploy")}`);
  return [...lines, ...offline].join("\n");
}

function connectorText({ slug, redirectUri, notChecked }: AddedConnector): string {
  const rest = notChecked.length === 0 ? "" : `; not checked: ${notChecked.join(", ")}`;
  return `${paint("green", "✓")} people can sign in at ${slug}, redirect URI ${redirectUri}${rest}`;
}

function offlineText(deployment: Deployment, madePassphrase: boolean): readonly string[] {
  const folder = shortenPath(offlineFolder(deployment));
  return [
    bold(`Then move ${folder} off this machine.`),
    "  It holds the root keys, encrypted with a passphrase. No Worker needs them: after the first deploy, copy the folder",
    "  to two media that are not connected to any machine, check the copies, and delete it here. README.txt in it says",
    "  which command needs which file, and how to keep the root keys apart.",
    ...(madePassphrase
      ? [
          paint(
            "yellow",
            `  There was no terminal to ask for a passphrase, so init generated one: ${folder}/${PASSPHRASE_FILE}.`,
          ),
          paint("yellow", "  Move that file elsewhere; beside the keys it protects nothing."),
        ]
      : []),
  ];
}
