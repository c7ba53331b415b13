// SPDX-License-Identifier: Apache-2.0
// The contract of the store of grants: what must be used once, or waits for a person on another device.

import type { Result } from "../result.ts";
import type { UnixMs } from "../time.ts";

/** The result of a sign-in: the claims of the token to come. */
export interface GrantedIdentity {
  /** `federated_claims` of the token. */
  readonly connectorId: string;
  readonly userId: string;
  readonly subject: string;
  readonly address: string;
  /** Null if the client sent none. */
  readonly nonce: string | null;
}

/** A grant that has just been redeemed, for the one token that it yields. */
export interface Redeemed {
  readonly clientId: string;
  readonly identity: GrantedIdentity;
  /** `jti` of the token. */
  readonly tokenId: string;
}

/** A code to be redeemed. */
export interface CodeGrant {
  /** SHA-256 of the code, base64url: nobody who reads the storage can redeem it. */
  readonly codeHash: string;
  readonly clientId: string;
  /** As the authorization request had it. */
  readonly redirectUri: string;
  readonly challenge: string;
  readonly identity: GrantedIdentity;
  readonly expiresAt: UnixMs;
}

/** The values that a client sends to redeem a code. */
export type CodeRedemption = Pick<CodeGrant, "codeHash" | "clientId" | "redirectUri" | "challenge">;

/** Only `code_used` ends the grant: a wrong verifier leaves the code to its owner. */
export interface CodeRefusal {
  readonly code:
    | "code_unknown"
    | "code_of_another_client"
    | "code_redirect_wrong"
    | "code_verifier_wrong"
    | "code_used";
}

/** A device that waits, or a program that shows a code. */
export interface DeviceRequest {
  /** SHA-256 of the device code, base64url. */
  readonly deviceHash: string;
  /** XXXX-XXXX */
  readonly userCode: string;
  readonly clientId: string;
  /** Null if the client sent none. */
  readonly challenge: string | null;
  /** As clientNetwork gives it; null if unknown. */
  readonly network: string | null;
  readonly country: string | null;
  readonly expiresAt: UnixMs;
}

/** A waiting device, as the person who types its code sees it. */
export interface WaitingDevice extends Pick<DeviceRequest, "userCode" | "clientId" | "network" | "country"> {
  readonly askedAt: UnixMs;
}

/** Why no device is waiting with this code. */
export interface DeviceRefusal {
  readonly code: "user_code_unknown" | "user_codes_exhausted";
}

/** The values that a device sends to poll. */
export interface DevicePoll extends Pick<DeviceRequest, "deviceHash"> {
  /** Null if the client does not name itself: the device code names it. */
  readonly clientId: string | null;
  /** Made of the verifier that the client sent; null if it sent none. */
  readonly challenge: string | null;
}

/** An answer to a poll without a token; the first four codes are those of RFC 8628 §3.5. */
export interface PollRefusal {
  readonly code:
    | "authorization_pending"
    | "slow_down"
    | "access_denied"
    | "expired_token"
    | "device_of_another_client"
    | "device_verifier_wrong";
}

/** The Durable Object of all grants, named PublicUrl.href. A rejected promise is the platform's failure. */
export interface GrantsRpc extends Rpc.DurableObjectBranded {
  addCode(grant: CodeGrant): Promise<void>;
  /** One transaction: of two calls with the same code exactly one succeeds, and the second revokes the token. */
  redeemCode(redemption: CodeRedemption): Promise<Result<Redeemed, CodeRefusal>>;
  /** False if as many devices wait as may, for this network or in all, or if the code is taken. */
  addDevice(request: DeviceRequest): Promise<boolean>;
  /** Counts what finds nothing against the network of whoever typed it. */
  findDevice(userCode: string, network: string | null): Promise<Result<WaitingDevice, DeviceRefusal>>;
  /** Grants or, with null, refuses. False if no device waits with this code any more. */
  decideDevice(userCode: string, identity: GrantedIdentity | null): Promise<boolean>;
  pollDevice(poll: DevicePoll): Promise<Result<Redeemed, PollRefusal>>;
  /** Whether a second use of its code has revoked a token. */
  isRevoked(tokenId: string): Promise<boolean>;
}
