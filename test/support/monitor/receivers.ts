// SPDX-License-Identifier: Apache-2.0
// Receivers of alerts on this machine: any HTTP server, and GitHub's issues as its REST documentation describes them.

import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that a receiver got. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A server with what it got. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  readonly close: () => Promise<void>;
}

/** Serves on a free port of the loopback interface. */
export async function startReceiver(answer: (request: Received) => RequestListener): Promise<Receiver> {
  const received: Received[] = [];
  const handle = async (...[request, response]: Parameters<RequestListener>): Promise<void> => {
    const one = await readRequest(request);
    received.push(one);
    answer(one)(request, response);
  };
  const server = createServer((request, response) => void handle(request, response));
  const url = await listen(server);
  return { url, received, close: () => stop(server) };
}

async function readRequest(request: IncomingMessage): Promise<Received> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { method = "", url = "", headers } = request;
  return { method, path: url, headers: headers as Record<string, string>, body: Buffer.concat(parts).toString() };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Answers with a status and headers. */
export const answerWith =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ""): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };

/** An issue, in the members that matter here. */
interface Issue {
  readonly title: string;
  readonly body: string | null;
  readonly labels?: readonly string[];
  readonly assignees?: readonly string[];
  readonly updatedAt: number;
}

/** GitHub's issues of one repository. */
export interface GitHubStandIn extends Receiver {
  /** The newest last. */
  readonly issues: Issue[];
}

/**
 * "List repository issues" and "Create an issue", with their parameters since, per_page and page, and 401 for another
 * token. Spec: https://docs.github.com/en/rest/issues/issues
 */
export async function startGitHub(repository: string, token: string): Promise<GitHubStandIn> {
  const issues: Issue[] = [];
  const receiver = await startReceiver(({ method, path, headers, body }) => {
    const { pathname, searchParams } = new URL(path, "http://x");
    if (headers["authorization"] !== `Bearer ${token}`) return answerWith(401, {}, '{"message":"Bad credentials"}');
    if (pathname !== `/repos/${repository}/issues`) return answerWith(404, {}, '{"message":"Not Found"}');
    if (method === "POST") {
      const { title, ...rest } = JSON.parse(body) as Issue;
      issues.push({ title, ...rest, updatedAt: Date.now() });
      return answerWith(201, { "content-type": "application/json" }, JSON.stringify({ number: issues.length, title }));
    }
    return answerWith(200, { "content-type": "application/json" }, JSON.stringify(listIssues(issues, searchParams)));
  });
  return { ...receiver, issues };
}

function listIssues(issues: readonly Issue[], parameters: URLSearchParams): readonly Issue[] {
  const since = Date.parse(parameters.get("since") ?? "1970-01-01T00:00:00Z");
  const size = Math.min(100, Number(parameters.get("per_page") ?? 30));
  const from = (Number(parameters.get("page") ?? 1) - 1) * size;
  const newest = issues.filter(({ updatedAt }) => updatedAt >= since).toReversed();
  return newest.slice(from, from + size);
}
