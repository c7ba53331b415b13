// SPDX-License-Identifier: Apache-2.0
// Whether people can sign in: from outside, whether the CA, the signing config and the discovery document agree about
// it; for the deployment of the folder, whether the providers know it.

import { items, member } from "../../shared/json/member.ts";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { describeRefusal, listUnknown } from "../connectors/describe.ts";
import { redirectUriOf } from "../connectors/kinds.ts";
import { askProvider } from "../connectors/probe.ts";
import { rowsOfSettings } from "../connectors/rows.ts";
import { type ConnectorRow, createAsk } from "../connectors/upstream.ts";
import { type Deployment, workerSettings } from "../deployment/deployment.ts";
import { jsonOf } from "../status/observe.ts";
import { PATHS } from "../status/paths.ts";
import { type Check, conclude, concludeInPart, error, type Finding, type Outcome } from "./finding.ts";
import { readAs, type Site } from "./site.ts";

/** Compares what three services say about the built-in issuer. */
export async function checkSignIn(site: Site): Promise<Outcome> {
  const { href, isLoopback } = site.publicUrl;
  const own = ownIssuerOf(href);
  const discovery = await readAs(site, PATHS.discovery, jsonOf);
  const signing = await readAs(site, PATHS.signingConfig, jsonOf);
  const ca = await readAs(site, PATHS.caConfiguration, jsonOf);
  const notChecked = [discovery, signing, ca].flatMap((read) => (read.ok ? [] : [read.error]));
  const isOffered = discovery.ok ? member(discovery.value, "authorization_endpoint") !== undefined : null;
  const isNamed = signing.ok ? items(signing.value, "oidcUrls").some((row) => member(row, "url") === own) : null;
  const isTrusted = ca.ok ? items(ca.value, "issuers").some((row) => member(row, "issuerUrl") === own) : null;
  const findings: Finding[] = [];
  if (isOffered === true && isNamed === false) findings.push(error("sign-in", NOT_NAMED, signFix(site)));
  if (isOffered === false && isNamed === true) findings.push(error("sign-in", NAMED_FOR_NOTHING, signFix(site)));
  if (isOffered === true && isTrusted === false) findings.push(error("sign-in", NOT_TRUSTED, deployFix(site)));
  // On loopback, the development issuer gives anyone a token.
  if (isOffered === false && isTrusted === true && !isLoopback)
    findings.push(error("sign-in", TRUSTED_FOR_NOTHING, deployFix(site)));
  return concludeInPart(findings, notChecked);
}

const NOT_NAMED =
  "people can sign in at this deployment, but its signing config does not name it, so no client uses it";
const NAMED_FOR_NOTHING = "the signing config sends people to this deployment to sign in, and it has no connector";
const NOT_TRUSTED = "people can sign in at this deployment, but its CA does not accept the tokens";
const TRUSTED_FOR_NOTHING = "the CA accepts tokens of the built-in issuer, which has no connector";

const signFix = ({ advice }: Site): string =>
  `sign it again: ${advice.rotate.replace("WHAT", "signing-config")}; then: ${advice.deploy}`;
const deployFix = ({ advice }: Site): string => `the services have different settings: ${advice.deploy}`;

/** The check of the providers. */
export const connectorCheck = (deployment: Deployment): Check => ({
  name: "connectors",
  title: "providers at which people sign in",
  needs: ["settings"],
  gives: null,
  run: () => checkConnectors(deployment),
});

async function checkConnectors(deployment: Deployment): Promise<Outcome> {
  const settings = workerSettings(deployment);
  const { publicUrl } = deployment;
  if (!settings.ok || publicUrl === null) return conclude([]);
  const rows = rowsOfSettings({ ...settings.value.vars, ...settings.value.secrets });
  if (!rows.ok) return conclude([error("connectors", rows.error, "correct connectors.yaml")]);
  const ask = createAsk(publicUrl);
  const outcomes = await Promise.all(
    rows.value.map((row) => checkConnector(ask, row, redirectUriOf(publicUrl.href, row.slug))),
  );
  return concludeInPart(
    outcomes.flatMap(({ findings }) => findings),
    outcomes.flatMap(({ notChecked }) => notChecked),
  );
}

async function checkConnector(
  ask: ReturnType<typeof createAsk>,
  row: ConnectorRow,
  redirectUri: string,
): Promise<Outcome> {
  const probed = await askProvider(ask, row, redirectUri);
  if (!probed.ok) {
    const fix =
      "check this machine's network and connectors.yaml; people cannot sign in there while it does not answer";
    return conclude([error("connectors", `the connector ${row.slug}: ${row.name} ${probed.error}`, fix)]);
  }
  const problem = describeRefusal(row, probed.value, redirectUri);
  const unknown = listUnknown(probed.value).map(
    (what) => `${row.name} does not say without a login whether ${what} is right`,
  );
  // A refusal ends the probe, so the rest was not asked.
  return problem === null ? concludeInPart([], unknown) : conclude([error("connectors", problem.finding, problem.fix)]);
}
