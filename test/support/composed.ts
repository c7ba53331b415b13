// SPDX-License-Identifier: Apache-2.0
// The composed Worker in a unit test: all services, over bindings whose every use fails.

import ca from "../../workers/ca/index.ts";
import { compose, type Services } from "../../workers/compose.ts";
import { DECLARATIONS, DECLARED_SERVICES, resourceNames } from "../../workers/declarations.ts";
import log from "../../workers/log/index.ts";
import monitor from "../../workers/monitor/index.ts";
import oidc from "../../workers/oidc/index.ts";
import trust from "../../workers/trust/index.ts";
import tsa from "../../workers/tsa/index.ts";
import web from "../../workers/web/index.ts";
import witness from "../../workers/witness/index.ts";

export const SERVICES: Services = { ca, tsa, log, trust, oidc, witness, monitor, web };

const FAILING_ENTRYPOINTS = {
  OidcKeys: { jwks: fail },
  OidcPeople: { redeem: fail },
  LogReads: { readEntry: fail, readHeads: fail, readRecords: fail, reportLogs: fail, countByMonth: fail, search: fail },
  MonitorHeartbeat: { readState: fail },
  TrustState: { readHealth: fail, readDeployedRoot: fail },
};

export const COMPOSED = compose(SERVICES, () => FAILING_ENTRYPOINTS as never);

export const CONTEXT = {
  waitUntil: () => undefined,
  passThroughOnException: () => undefined,
} as unknown as ExecutionContext;

/** All bindings of the composed Worker. */
export function createFailingBindings(): Readonly<Record<string, unknown>> {
  const unusable = { getByName: () => fail(), get: fail, prepare: fail, limit: fail };
  const names = DECLARED_SERVICES.flatMap((service) => resourceNames(DECLARATIONS[service].bindings));
  return Object.fromEntries(names.map((name) => [name, unusable]));
}

function fail(): never {
  throw new Error("not in this test");
}
