// SPDX-License-Identifier: Apache-2.0
// Checks Dockerfile, .dockerignore, compose.yaml and the development container as files;
// installed/container.test.ts runs what the Dockerfile runs.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseListenAddress } from "../../cli/address.ts";
import { ROOT } from "../../cli/root.ts";
import { isInContext, readDockerfile, readMonitorDockerfile, type Stage, textsOf, wordsOf } from "./dockerfile.ts";

const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const [build, final] = readDockerfile() as readonly [Stage, Stage];
const nodeVersion = (JSON.parse(text("package.json")) as { dependencies: Record<string, string> }).dependencies["node"];

describe("Dockerfile", () => {
  it("builds on the Node that the package depends on, pinned by its whole version", () => {
    for (const { image } of [build, final]) expect(image).toBe(`node:${nodeVersion}-bookworm-slim`);
  });

  it("copies only what exists, into the build stage, and from there", () => {
    expect(textsOf(build, "COPY")).toEqual(["package.json package-lock.json ./", ". ."]);
    for (const file of ["package.json", "package-lock.json"]) {
      expect(existsSync(join(ROOT, file))).toBe(true);
      expect(isInContext(file)).toBe(true);
    }
    expect(textsOf(final, "COPY")).toEqual([`--from=${build.name} /opt/sigedge /opt/sigedge`]);
  });

  it("runs without root, with its state in a volume that only its user reads", () => {
    expect(textsOf(final, "USER")).toEqual(["node"]);
    const [volume = ""] = textsOf(final, "VOLUME");
    expect(textsOf(final, "RUN").join()).toContain(`install -d -o node -g node -m 700 ${volume}`);
    expect(wordsOf(textsOf(final, "CMD")[0] ?? "")).toEqual(expect.arrayContaining(["--state", volume]));
  });

  it("may listen on every address, because it says that it is a container", () => {
    const [variable = "", value = ""] = textsOf(final, "ENV").at(-1)?.split("=") ?? [];
    const command = wordsOf(textsOf(final, "CMD")[0] ?? "");
    const address = command[command.indexOf("--listen") + 1] ?? "";
    expect(parseListenAddress(address, { [variable]: value }).ok).toBe(true);
    expect(parseListenAddress(address, {}).ok).toBe(false);
  });

  it("asks /healthz for its health, without a shell", () => {
    const health = wordsOf(textsOf(final, "HEALTHCHECK")[0]?.replace(/^.* CMD /, "") ?? "");
    expect(health.slice(0, 2)).toEqual(["node", "-e"]);
    expect(health[2]).toContain("http://localhost:8787/healthz");
    expect(textsOf(final, "EXPOSE")).toEqual(["8787"]);
  });
});

describe("the container file of docs/monitoring.md", () => {
  const stage = readMonitorDockerfile();
  const textOf = (name: string): string => textsOf(stage, name)[0] ?? "";

  it("installs this version, on the Node of this package", () => {
    expect(stage.image).toBe(final.image);
    const { version } = JSON.parse(text("package.json")) as { readonly version: string };
    expect(textOf("RUN")).toContain(` sigedge@${version} `);
  });

  it("runs without root, and keeps its state in a volume of its user", () => {
    expect(textOf("USER")).toBe("node");
    expect(textOf("RUN")).toContain(`install -d -o node -g node -m 700 ${textOf("VOLUME")}`);
    const words = wordsOf(textOf("ENTRYPOINT"));
    expect(words[words.indexOf("--state") + 1]).toMatch(new RegExp(`^${textOf("VOLUME")}/`));
    expect(textOf("COPY").split(" ")[1]).toBe(words[words.indexOf("--config") + 1]);
  });
});

describe(".dockerignore", () => {
  const { files } = JSON.parse(text("package.json")) as { readonly files: readonly string[] };
  const packed = files
    .filter((file) => !file.startsWith("!") && file !== "dist/")
    .map((file) => file.replace(/\/$/, ""));

  it.each([...packed, "tools/build-package.ts", "local/stack.ts", "cli/sigedge.ts", "LICENSE", "README.md"])(
    "lets %s into the context",
    (path) => {
      expect(isInContext(path)).toBe(true);
      expect(existsSync(join(ROOT, path))).toBe(true);
    },
  );

  it.each([
    ".sigedge/keys/ca.key.pem",
    ".sigedge-deploy/secrets.json",
    ".sigedge-deploy-staging/offline/tuf-root-1.key.pem",
    ".wrangler/state",
    ".dev.vars",
    ".git/config",
    "node_modules/wrangler",
    "cli/address.test.ts",
  ])("keeps %s out", (path) => expect(isInContext(path)).toBe(false));

  it("names nothing that is gone", () => {
    const names = text(".dockerignore").matchAll(/^!(.+)$/gm);
    for (const [, name = ""] of names) expect(existsSync(join(ROOT, name))).toBe(true);
    expect(readdirSync(ROOT)).toContain("Dockerfile");
  });
});

describe("compose.yaml", () => {
  const { services, volumes } = parse(text("compose.yaml")) as Compose;
  const service = services["sigedge"];

  it("publishes the port on loopback only, under the number in the service's URL", () => {
    expect(service?.ports).toEqual(["127.0.0.1:8787:8787"]);
  });

  it("keeps the state in a named volume, and takes every privilege away", () => {
    expect(service?.volumes).toEqual(["state:/state"]);
    expect(Object.keys(volumes)).toEqual(["state"]);
    expect(service?.cap_drop).toEqual(["ALL"]);
    expect(service?.read_only).toBe(true);
  });
});

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      { ports: readonly string[]; volumes: readonly string[]; cap_drop: readonly string[]; read_only: boolean }
    >
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe("for contributors", () => {
  it(".nvmrc names the Node that the package depends on", () => expect(text(".nvmrc")).toBe(`${nodeVersion}\n`));

  it("the development container has that Node's line, and installs", () => {
    const container = JSON.parse(text(".devcontainer/devcontainer.json")) as Readonly<Record<string, unknown>>;
    expect(container["image"]).toMatch(new RegExp(`javascript-node:${nodeVersion?.split(".")[0]}-bookworm$`));
    expect(container).toMatchObject({ postCreateCommand: "npm ci", forwardPorts: [8787] });
  });
});
