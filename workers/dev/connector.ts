// SPDX-License-Identifier: Apache-2.0
// The development connector: vouches for any address that somebody types. Loopback hosts only; the production
// composition does not contain this file, and the production CA rejects loopback issuers.

import { isEmailAddress } from "../../shared/identity/email.ts";
import { appendParameters } from "../../shared/oauth/request/redirect-uri.ts";
import { err, ok } from "../../shared/result.ts";
import type { Connector } from "../oidc/connectors/connector.ts";
import type { Config } from "../oidc/env.ts";
import { DEV_LOGIN_PATH, DEV_SLUG } from "./login.ts";

/** The connector of a deployment on a loopback host; none for any other. */
export const developmentConnectors = ({ publicUrl, issuer }: Config): readonly Connector[] =>
  publicUrl.isLoopback
    ? [
        {
          // Certificates of a local stack name its own issuer, as those of its development tokens do.
          id: issuer,
          slug: DEV_SLUG,
          name: "Anyone (development)",
          kind: "development",
          authorizationUrl: async ({ seal, loginHint }) => {
            const parameters = { state: await seal(null), login_hint: loginHint };
            return ok(appendParameters(`${publicUrl.href}${DEV_LOGIN_PATH}`, parameters));
          },
          identify: ({ parameters }) => {
            const address = parameters.get("address") ?? "";
            return Promise.resolve(
              isEmailAddress(address) ? ok([{ userId: address, address }]) : err({ code: "address_unusable" }),
            );
          },
        },
      ]
    : [];
