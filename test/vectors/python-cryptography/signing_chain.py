# SPDX-License-Identifier: Apache-2.0
# Makes signing_chain.json: a signing CA, leaves of its and of strangers with their private keys, and issuers of every kind of key
# and shortcoming, by pyca/cryptography. Run: python3 signing_chain.py > signing_chain.json  (keys are random: other bytes each time)

import base64
import datetime
import json

import cryptography
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

START = datetime.datetime(2026, 1, 1)
LONG = datetime.timedelta(days=3650)
SHORT = datetime.timedelta(minutes=10)
POISON = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.11129.2.4.3"), b"\x05\x00")
# An SCT list in its two wrappings; nobody verifies this SCT.
SCT_LIST = x509.UnrecognizedExtension(
    ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), b"\x04\x04\x00\x02\x00\x00"
)
ISSUER_V2 = x509.UnrecognizedExtension(
    ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), b"\x0c\x13https://issuer.test"
)


def b64(data):
    return base64.b64encode(data).decode()


def der(certificate):
    return b64(certificate.public_bytes(Encoding.DER))


def pkcs8(key):
    return b64(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def name(text):
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "vectors"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def usage(sign=True):
    return x509.KeyUsage(not sign, False, False, False, False, sign, sign, False, False)


def authority(text, issuer=None, issuer_key=None, key=None, constraints=True, key_usage=True):
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(text))
        .issuer_name(issuer.subject if issuer else name(text))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + LONG)
    )
    if constraints is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=constraints, path_length=None), critical=True)
    if key_usage is not None:
        builder = builder.add_extension(usage(key_usage), critical=True)
    return key, sign(builder, issuer_key or key)


def sign(builder, key, hash_=None, rsa_padding=None):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return builder.sign(key, None)
    return builder.sign(key, hash_ or hashes.SHA256(), rsa_padding=rsa_padding)


def leaf(issuer, key, names, purpose=ExtendedKeyUsageOID.CODE_SIGNING, extras=(SCT_LIST,)):
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + SHORT)
        .add_extension(usage(False), critical=True)
    )
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    builder = builder.add_extension(ISSUER_V2, critical=False)
    for extra in extras:
        builder = builder.add_extension(extra, critical=extra is POISON)
    return builder


root_key, root = authority("root")
ca_key, ca = authority("issuing CA", root, root_key)
namesake_key, namesake = authority("issuing CA")
stranger_key, stranger = authority("strange CA")
email = [x509.RFC822Name("Alice@Example.com")]
uri = [x509.UniformResourceIdentifier("https://github.com/o/r/.github/workflows/w.yml@refs/heads/main")]
leaf_key = ec.generate_private_key(ec.SECP256R1())

signers = {
    "email": sign(leaf(ca, leaf_key, email), ca_key),
    "uri": sign(leaf(ca, leaf_key, uri), ca_key),
    "manyNames": sign(leaf(ca, leaf_key, [x509.RFC822Name(f"a{i}@example.com") for i in range(40)]), ca_key),
    "dnsName": sign(leaf(ca, leaf_key, [x509.DNSName("example.com")]), ca_key),
    "noSct": sign(leaf(ca, leaf_key, email, extras=()), ca_key),
    "precertificate": sign(leaf(ca, leaf_key, email, extras=(POISON,)), ca_key),
    "timeStamping": sign(leaf(ca, leaf_key, email, ExtendedKeyUsageOID.TIME_STAMPING), ca_key),
    "noPurpose": sign(leaf(ca, leaf_key, email, None), ca_key),
    "byRoot": sign(leaf(root, leaf_key, email), root_key),
    "byNamesake": sign(leaf(namesake, leaf_key, email), namesake_key),
    "byStranger": sign(leaf(stranger, leaf_key, email), stranger_key),
    "large": sign(
        leaf(
            ca,
            leaf_key,
            email,
            extras=(SCT_LIST, x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"x" * 25000)),
        ),
        ca_key,
    ),
}

rsa_key = rsa.generate_private_key(65537, 2048)
p384, p521 = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1())
edwards = ed25519.Ed25519PrivateKey.generate()
pairs = []


def pair(what, issued, key=None, hash_=None, rsa_padding=None, other_issuer=None, **options):
    issuer_key, issuer = authority("an issuer", key=key, **options)
    certificate = sign(leaf(issuer, leaf_key, email), issuer_key, hash_, rsa_padding)
    pairs.append({"what": what, "issued": issued, "certificate": der(certificate), "issuer": der(other_issuer or issuer)})


pair("P-256, SHA-256", True)
pair("P-256, SHA-512", True, hash_=hashes.SHA512())
pair("P-384, SHA-384", True, p384, hashes.SHA384())
pair("P-384, SHA-256", True, p384)
pair("P-521, SHA-512", True, p521, hashes.SHA512())
pair("RSA, SHA-256", True, rsa_key)
pair("RSA, SHA-384", True, rsa_key, hashes.SHA384())
pair("Ed25519", True, edwards)
pair("no key usage", True, key_usage=None)
pair("RSA-PSS", False, rsa_key, rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), 32))
pair("SHA-224", False, hash_=hashes.SHA224())
pair("not a CA", False, constraints=False)
pair("no basic constraints", False, constraints=None)
pair("may not sign certificates", False, key_usage=False)
pair("another CA of the same name", False, other_issuer=authority("an issuer")[1])
pair("another name of the same key", False, p384, other_issuer=authority("another issuer", key=p384)[1])
pair("RSA by name, P-256 by signature", False, other_issuer=authority("an issuer", key=rsa_key)[1])

print(
    json.dumps(
        {
            "origin": f"pyca/cryptography {cryptography.__version__}",
            "root": der(root),
            "ca": der(ca),
            "stranger": der(stranger),
            "leafKey": pkcs8(leaf_key),
            "signers": {what: der(certificate) for what, certificate in signers.items()},
            "pairs": pairs,
        },
        indent=1,
    )
)
