// SPDX-License-Identifier: Apache-2.0
// Requests from a service to somebody else's address: issuers, remote signers, witnesses. Nothing else in the Workers
// may call fetch, so these rules hold for every such request.
// Spec: Fetch §5.4 (redirect, cache); https://developers.cloudflare.com/workers/runtime-apis/fetch/

import { parseFetchableUrl } from "../oidc/issuer-url.ts";
import { err, ok, type Result } from "../result.ts";
import { unreachable } from "../unreachable.ts";
import { readBody } from "./body.ts";

/** The platform's fetch. */
export type PlatformFetch = (url: string, init: RequestInit) => Promise<Response>;

/** The addresses that a request to the outside must not reach. */
export interface Neighborhood {
  /** The hosts of this deployment, each with its port. A request to one of them would enter its own front door. */
  readonly ownHosts: readonly string[];
  /** True in development only: http and https to this machine are allowed. */
  readonly allowsLoopback: boolean;
}

/** The sender of a request: its neighborhood and its way out. */
interface Outside extends Neighborhood {
  readonly fetch: PlatformFetch;
}

export interface OutsideRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request, the reading of its answer included. */
  readonly deadline: AbortSignal;
  /** The longest answer that is read. */
  readonly maxBytes: number;
}

/** A complete answer that is no redirect. */
interface OutsideAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** There is no complete answer. An exception is its name alone: its message could quote the other side. */
export type OutsideError =
  /** @property reason completes "the address …" */
  | { readonly code: "address_refused"; readonly reason: string }
  | { readonly code: "fetch_failed"; readonly exception: string }
  | { readonly code: "fetch_redirected"; readonly status: number }
  | { readonly code: "answer_too_large"; readonly maxBytes: number }
  | { readonly code: "answer_cut_off" };

export type FetchOutside = (url: string, request: OutsideRequest) => Promise<Result<OutsideAnswer, OutsideError>>;

/**
 * Creates a fetch for addresses outside of the deployment: https only, never one of its own hosts, never through a
 * cache, which a rule of the zone could fill. A redirect is an error: it could lead anywhere. Never rejects.
 */
export function createFetchOutside(outside: Outside): FetchOutside {
  return async (url, { deadline, maxBytes, ...request }) => {
    const problem = addressProblem(url, outside);
    if (problem !== null) return err({ code: "address_refused", reason: problem });
    const init = { ...request, redirect: "manual", cache: "no-store", signal: deadline } as const;
    const response = await settle(() => settleBefore(deadline, outside.fetch(url, init)));
    if (!response.ok) return err({ code: "fetch_failed", exception: response.error });
    const { status, headers } = response.value;
    if (status < 200 || (status >= 300 && status < 400)) {
      await settle(async () => response.value.body?.cancel());
      return err({ code: "fetch_redirected", status });
    }
    const body = await settle(() => settleBefore(deadline, readBody(response.value, maxBytes)));
    if (body.ok && body.value.ok) return ok({ status, headers, body: body.value.value });
    return body.ok && !body.value.ok && body.value.error.code === "body_too_large"
      ? err({ code: "answer_too_large", maxBytes })
      : err({ code: "answer_cut_off" });
  };
}

/** Why an address may never be asked; completes "the address …". Null if it may be. */
export function addressProblem(text: string, { ownHosts, allowsLoopback }: Neighborhood): string | null {
  const address = parseFetchableUrl(text);
  if (!address.ok) return address.error.reason;
  if (address.value.isLoopback && !allowsLoopback) return "is a loopback address, for development only";
  const url = new URL(text);
  const isOwn = ownHosts.some((host) =>
    address.value.isLoopback ? url.host === host : nameOf(url.hostname) === nameOf(host),
  );
  return isOwn ? "is this deployment's own" : null;
}

/** The host's name without its port and without the dot of a fully qualified one. */
const nameOf = (host: string): string => host.replace(/:\d+$/, "").replace(/\.$/, "");

/** Settles with `work`, or rejects when the deadline passes: not every body notices the signal of its request. */
function settleBefore<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    const end = (): void => reject(deadline.reason instanceof Error ? deadline.reason : new Error("late"));
    if (deadline.aborted) end();
    else deadline.addEventListener("abort", end, { once: true });
  });
  return Promise.race([work, late]);
}

/** Turns a rejection into the exception's name. */
async function settle<T>(call: () => Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await call());
  } catch (error) {
    return err(error instanceof Error ? error.name : "unknown");
  }
}

/** Describes an error; completes "the key set …". Holds nothing that the other side sent. */
export function describeOutsideError(error: OutsideError): string {
  switch (error.code) {
    case "address_refused":
      return `was not fetched: its address ${error.reason}`;
    case "fetch_failed":
      return `could not be fetched: ${error.exception}`;
    case "fetch_redirected":
      return `could not be fetched: status ${error.status}`;
    case "answer_too_large":
      return `is larger than ${error.maxBytes} bytes`;
    case "answer_cut_off":
      return "could not be read";
    default:
      return unreachable(error);
  }
}
