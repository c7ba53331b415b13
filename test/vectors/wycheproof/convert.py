# SPDX-License-Identifier: Apache-2.0
"""Cuts Wycheproof's signature vectors down to what our verifiers take: one line a test, keys once a group.

python3 convert.py CHECKOUT: reads CHECKOUT/testvectors_v1/<name>_test.json, writes <name>.json beside this file.
"""

import json
import pathlib
import sys

NAMES = [
    "ecdsa_secp256r1_sha256",
    "ecdsa_secp384r1_sha384",
    "ecdsa_secp521r1_sha512",
    "ed25519",
    "rsa_signature_2048_sha256",
    "rsa_signature_3072_sha256",
    "rsa_signature_4096_sha256",
]

here = pathlib.Path(__file__).parent
for name in NAMES:
    source = json.loads((pathlib.Path(sys.argv[1]) / "testvectors_v1" / f"{name}_test.json").read_text())
    groups = [
        {
            "spki": group["publicKeyDer"],
            "tests": [[t["tcId"], t["msg"], t["sig"], t["result"], t["comment"]] for t in group["tests"]],
        }
        for group in source["testGroups"]
    ]
    lines = ",\n".join(
        '{"spki":%s,"tests":[\n%s\n]}'
        % (json.dumps(g["spki"]), ",\n".join(json.dumps(t, separators=(",", ":")) for t in g["tests"]))
        for g in groups
    )
    (here / f"{name}.json").write_text('{"groups":[\n%s\n]}\n' % lines)
