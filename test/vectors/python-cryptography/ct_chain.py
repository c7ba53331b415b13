# SPDX-License-Identifier: Apache-2.0
# Makes ct_chain.json: certificates, precertificates and the TBSCertificates that a certificate log has to sign for them,
# by pyca/cryptography. Run: python3 ct_chain.py > ct_chain.json  (keys are random, so every run gives other bytes)

import base64
import datetime
import json

import cryptography
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

START = datetime.datetime(2026, 1, 1)
LONG = datetime.timedelta(days=3650)
SHORT = datetime.timedelta(minutes=10)
POISON = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.3")
SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
FULCIO_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")


def b64(data):
    return base64.b64encode(data).decode()


def name(text):
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "vectors"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def authority(text, issuer, issuer_key, curve=ec.SECP256R1()):
    key = ec.generate_private_key(curve)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(text))
        .issuer_name(issuer.subject if issuer else name(text))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + LONG)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
        )
    )
    return key, builder.sign(issuer_key or key, hashes.SHA256())


def leaf(issuer, issuer_key, extras, key, serial, purpose=ExtendedKeyUsageOID.CODE_SIGNING, padding=0):
    """`extras`: (place, extension, critical), put in at that place of the list."""
    extensions = [
        (x509.KeyUsage(True, False, False, False, False, False, False, False, False), True),
        (x509.ExtendedKeyUsage([purpose]), False) if purpose else None,
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.SubjectAlternativeName([x509.RFC822Name("alice@example.com")]), True),
        (x509.UnrecognizedExtension(FULCIO_ISSUER, b"\x0c\x13https://issuer.test"), False),
        (x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x04\x82" + padding.to_bytes(2, "big") + b"x" * padding), False)
        if padding
        else None,
    ]
    extensions = [extension for extension in extensions if extension]
    for place, extension, critical in extras:
        extensions.insert(place, (extension, critical))
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(START)
        .not_valid_after(START + SHORT)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def der(certificate):
    return b64(certificate.public_bytes(Encoding.DER))


def main():
    root_key, root = authority("root", None, None, ec.SECP384R1())
    ca_key, ca = authority("issuing", root, root_key)
    other_key, other = authority("issuing", None, None)  # the name of our CA, another key
    foreign_key, foreign = authority("foreign", None, None)
    poison = x509.PrecertPoison()
    cases = []
    # the paddings take the enclosing lengths across 255 and 256, so that leaving out the poison shortens them
    for place, padding in [(0, 0), (2, 0), (5, 0), *((6, size) for size in range(1, 200, 9))]:
        key = ec.generate_private_key(ec.SECP256R1())
        serial = x509.random_serial_number()
        plain = leaf(ca, ca_key, [], key, serial, padding=padding)
        precert = leaf(ca, ca_key, [(place, poison, True)], key, serial, padding=padding)
        sct_list = x509.UnrecognizedExtension(SCT_LIST, b"\x04\x04\x00\x02\x00\x00")
        final = leaf(ca, ca_key, [(len(plain.extensions), sct_list, False)], key, serial, padding=padding)
        cases.append(
            {
                "poisonAt": place,
                "certificate": der(plain),
                "precertificate": der(precert),
                "withScts": der(final),
                "tbs": b64(plain.tbs_certificate_bytes),
            }
        )
    key = ec.generate_private_key(ec.SECP256R1())
    refused = {
        "poisonNotCritical": leaf(ca, ca_key, [(5, poison, False)], key, 11),
        "poisonNotNull": leaf(ca, ca_key, [(5, x509.UnrecognizedExtension(POISON, b"\x04\x00"), True)], key, 12),
        "poisonTrailing": leaf(ca, ca_key, [(5, x509.UnrecognizedExtension(POISON, b"\x05\x00\x00"), True)], key, 13),
        "noPurpose": leaf(ca, ca_key, [(0, poison, True)], key, 14, purpose=None),
        "otherPurpose": leaf(ca, ca_key, [(0, poison, True)], key, 15, purpose=ExtendedKeyUsageOID.SERVER_AUTH),
        "sameNameOtherKey": leaf(other, other_key, [(0, poison, True)], key, 16),
        "foreign": leaf(foreign, foreign_key, [(0, poison, True)], key, 17),
    }
    vectors = {
        "origin": f"pyca/cryptography {cryptography.__version__}, ct_chain.py",
        "root": der(root),
        "ca": der(ca),
        "otherCa": der(other),
        "foreignCa": der(foreign),
        "issuerKeyHash": None,
        "cases": cases,
        "refused": {what: der(certificate) for what, certificate in refused.items()},
    }

    digest = hashes.Hash(hashes.SHA256())
    digest.update(ca.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    vectors["issuerKeyHash"] = digest.finalize().hex()
    vectors["fingerprints"] = [certificate.fingerprint(hashes.SHA256()).hex() for certificate in (ca, root)]
    print(json.dumps(vectors, indent=1))


main()
