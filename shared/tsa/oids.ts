// SPDX-License-Identifier: Apache-2.0
// The object identifiers of time-stamp tokens and of what they contain. Spec: RFC 5652 §5.1, §11; RFC 3161 §2.4.2;
// RFC 5816 §2.2.1; RFC 5754 §2.

export const SIGNED_DATA = "1.2.840.113549.1.7.2";
export const TST_INFO = "1.2.840.113549.1.9.16.1.4";
export const CONTENT_TYPE = "1.2.840.113549.1.9.3";
export const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
export const SIGNING_TIME = "1.2.840.113549.1.9.5";
export const SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";

export const SHA256 = "2.16.840.1.101.3.4.2.1";
export const SHA384 = "2.16.840.1.101.3.4.2.2";
export const SHA512 = "2.16.840.1.101.3.4.2.3";
