// SPDX-License-Identifier: Apache-2.0
// Providers that are wrong, up to the client: the person reads what happened and cancels, the client ends with an
// error, and nobody gets a certificate.

import { existsSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Program } from "../../support/sign-in/program.ts";
import { ALICE, OTHER_TENANT } from "../../support/upstreams/people.ts";
import type { Nastiness } from "../../support/upstreams/stand-ins.ts";
import { type ConnectorSlug, openWorkplace, type Workplace } from "./workplace.ts";

let workplace: Workplace;
beforeAll(async () => {
  workplace = await openWorkplace("cosign", "sigstore-python", "sigstore-rust");
});
afterAll(() => workplace?.stop());
beforeEach(() => {
  workplace.standIns.nastiness = {};
});

const CLIENTS = {
  cosign:
    "cosign sign-blob -y --signing-config signing_config.json --trusted-root trusted_root.json --bundle bundle.json --fulcio-auth-flow normal README.md",
  "sigstore-python": "sigstore --trust-config trust_config.json sign --bundle bundle.json README.md",
  "sigstore-rust": "sign_blob --instance $URL/tuf --tuf-root root.json --v2 --output bundle.json README.md",
} as const;
type Client = keyof typeof CLIENTS;

const sign = (client: Client, folder: string): Promise<Program> =>
  workplace.start(CLIENTS[client].replace("$URL", workplace.deployment.stack.url).split(" "), { folder });

/** How many certificates there are. */
async function countCertificates(): Promise<number> {
  const checkpoint = await fetch(`${workplace.deployment.stack.url}/ct/checkpoint`);
  return Number((await checkpoint.text()).split("\n")[1]);
}

const send =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);

const emails = (...rows: readonly object[]): Nastiness => ({ api: { "/user/emails": rows } });

interface Wrong {
  readonly what: string;
  readonly connector: ConnectorSlug;
  readonly nastiness: Nastiness;
  /** The code that the page shows to whoever runs the site. */
  readonly code: string;
}

/** A row whose page has this code. */
const ending =
  (code: string) =>
  (what: string, connector: ConnectorSlug, nastiness: Nastiness): Wrong => ({ what, connector, nastiness, code });

const unverified = ending("address_unverified");
const outside = ending("not_admitted");
const broken = ending("upstream_failed");

const WRONG: readonly Wrong[] = [
  unverified("has not verified the address", "github", emails({ email: ALICE, primary: true, verified: false })),
  unverified("says that the address is not verified", "google", { claims: { email_verified: false } }),
  unverified("knows only an alias", "github", emails({ email: ALICE, primary: false, verified: true })),
  unverified("knows an address that an administrator wrote", "entra", { claims: { xms_edov: null } }),
  outside("vouches for another tenant", "entra", { claims: { tid: OTHER_TENANT } }),
  outside("vouches for another tenant of many", "tenants", {
    claims: { tid: OTHER_TENANT, iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0` },
  }),
  broken("gave the code to another client", "gitlab", { code: "client_id" }),
  broken("gave the code for another address", "bitbucket", { code: "redirect_uri" }),
  broken("gave the code to another browser", "github", { code: "code_challenge" }),
  broken("gave the token of another sign-in", "google", { claims: { nonce: "another" } }),
  broken("does not answer", "access", { token: () => undefined }),
  broken("redirects", "ghes", { token: send(302, "", { location: "https://evil.example/" }) }),
  broken("sends a mebibyte", "gitlab", { token: send(200, `{"a":"${"x".repeat(1 << 20)}"}`) }),
];

interface Case {
  readonly client: Client;
  readonly wrong: Wrong;
}

const EVERYBODY: readonly Client[] = ["sigstore-python", "sigstore-rust"];
/** One client meets them all, and each client a wrong account and a wrong provider. */
const CASES: readonly Case[] = [
  ...WRONG.map((wrong): Case => ({ client: "cosign", wrong })),
  ...WRONG.filter(({ what }) => what === "redirects" || what === "vouches for another tenant").flatMap((wrong) =>
    EVERYBODY.map((client): Case => ({ client, wrong })),
  ),
];

describe("a provider that is wrong", () => {
  it.each(CASES)("$client gets nothing from one that $wrong.what ($wrong.connector)", async ({ client, wrong }) => {
    const { connector, nastiness, code } = wrong;
    const before = await countCertificates();
    const folder = await workplace.makeFolder();
    const program = await sign(client, folder);
    workplace.standIns.nastiness = nastiness;
    const alice = await workplace.signIn(await program.opened, connector);
    expect([await alice.isAskedToConfirm(), await alice.text()]).toStrictEqual([false, expect.stringContaining(code)]);
    await alice.follow(/Cancel the sign-in/);
    const { code: exitCode, output } = await program.ended;
    expect([exitCode, output]).toStrictEqual([1, expect.stringMatching(/refused or cancelled|access_denied/)]);
    expect([existsSync(join(folder, "bundle.json")), await countCertificates()]).toStrictEqual([false, before]);
    expect(workplace.standIns.asked.filter((asked) => asked.includes("evil.example"))).toStrictEqual([]);
    await alice.leave();
  });

  it("cosign waits for no device whose person cannot sign in", async () => {
    const before = await countCertificates();
    const folder = await workplace.makeFolder();
    const command = CLIENTS.cosign.replace("--fulcio-auth-flow normal", "--fulcio-auth-flow device");
    const program = await workplace.start(command.split(" "), { folder });
    const [, link = ""] = await program.says(/in your browser at: (\S+)/);
    workplace.standIns.nastiness = { claims: { email_verified: false } };
    const alice = await workplace.signIn(link, "google");
    expect(await alice.text()).toContain("address_unverified");
    await alice.refuse();
    const { code, output } = await program.ended;
    expect([code, output]).toStrictEqual([1, expect.stringContaining("access_denied")]);
    expect([workplace.complaintsOf(alice), await countCertificates()]).toStrictEqual([[], before]);
    await alice.leave();
  });

  it("cosign signs as the address that the account has now, and not as the former one", async () => {
    const folder = await workplace.makeFolder();
    const program = await sign("cosign", folder);
    workplace.standIns.nastiness = emails({ email: "b@example.com", primary: true, verified: true });
    const alice = await workplace.signIn(await program.opened, "github");
    await alice.grant();
    const { code, output } = await program.ended;
    expect(code, output).toBe(0);
    const verifyAs = (address: string): readonly string[] =>
      `cosign verify-blob --trusted-root trusted_root.json --bundle bundle.json --certificate-identity ${address} --certificate-oidc-issuer ${workplace.issuerOf("github")} README.md`.split(
        " ",
      );
    await workplace.run(verifyAs("b@example.com"), { folder });
    const former = await (await workplace.start(verifyAs(ALICE), { folder })).ended;
    expect(former.code, former.output).not.toBe(0);
    expect(former.output).toContain("expected SAN");
    await alice.leave();
  });
});
