# Makes requests.json: certificate signing requests by python `cryptography` and openssl, with what the CA must say of each.
import json, subprocess, tempfile, os
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

rows = []
pem = lambda csr: csr.public_bytes(serialization.Encoding.PEM).decode()
def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo).hex()
def add(name, text, outcome, key=None):
    rows.append({"name": name, "pem": text, "outcome": outcome, **({"spki": spki(key)} if key else {})})
def empty():
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))

p256, p384, p521 = (ec.generate_private_key(c()) for c in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1))
k1 = ec.generate_private_key(ec.SECP256K1())
ed = ed25519.Ed25519PrivateKey.generate()
rsa2048 = rsa.generate_private_key(65537, 2048)
rsa3072 = rsa.generate_private_key(65537, 3072)
rsa1024 = rsa.generate_private_key(65537, 1024)

# As sigstore-python asks: empty subject, critical BasicConstraints.
like_python = empty().add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
good = pem(like_python.sign(p256, hashes.SHA256()))
add("as sigstore-python asks", good, "ok", p256)
add("P-384", pem(empty().sign(p384, hashes.SHA384())), "ok", p384)
add("P-521", pem(empty().sign(p521, hashes.SHA512())), "ok", p521)
add("Ed25519", pem(empty().sign(ed, None)), "ok", ed)
add("RSA-2048", pem(empty().sign(rsa2048, hashes.SHA256())), "ok", rsa2048)
add("RSA-3072", pem(empty().sign(rsa3072, hashes.SHA256())), "ok", rsa3072)
wanting = (x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Örg"),
                             x509.NameAttribute(NameOID.COMMON_NAME, "root"), x509.NameAttribute(NameOID.EMAIL_ADDRESS, "r@example.com")]))
    .add_extension(x509.BasicConstraints(ca=True, path_length=3), critical=True)
    .add_extension(x509.SubjectAlternativeName([x509.RFC822Name("victim@example.com"), x509.DNSName("example.com")]), critical=False)
    .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), b"\x0c\x04evil"), critical=False)
    .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"secret"))
add("wanting CA, names and extensions", pem(wanting.sign(p256, hashes.SHA256())), "ok", p256)
add("NEW label", good.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"), "ok", p256)

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "key.pem")
    with open(path, "wb") as f:
        f.write(p256.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    text = subprocess.check_output(["openssl", "req", "-new", "-key", path, "-subj", "/C=DE/O=Example/CN=test"], text=True)
    add("openssl req -new", text, "ok", p256)

add("P-384 with SHA-256", pem(empty().sign(p384, hashes.SHA256())), "csr_hash_not_permitted")
add("RSA-2048 with SHA-384", pem(empty().sign(rsa2048, hashes.SHA384())), "csr_hash_not_permitted")
pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
add("RSA-PSS", pem(empty().sign(rsa2048, hashes.SHA256(), rsa_padding=pss)), "csr_algorithm_unrecognized")
add("RSA-1024", pem(empty().sign(rsa1024, hashes.SHA256())), "public_key_weak")
add("secp256k1", pem(empty().sign(k1, hashes.SHA256())), "public_key_unsupported")

der = lambda text: x509.load_pem_x509_csr(text.encode()).public_bytes(serialization.Encoding.DER)
def repem(data, label="CERTIFICATE REQUEST"):
    import base64
    body = base64.encodebytes(data).decode().replace("\n", "")
    lines = "\n".join(body[i:i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
g = bytearray(der(good))
flipped = bytes(g[:-1] + bytes([g[-1] ^ 1]))
add("a flipped bit in the signature", repem(flipped), "csr_signature_invalid")
other = ec.generate_private_key(ec.SECP256R1())
def point(key):
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
add("another key put in", repem(bytes(g).replace(point(p256), point(other))), "csr_signature_invalid")
add("trailing byte", repem(bytes(g) + b"\0"), "csr_invalid")
add("truncated", repem(bytes(g[:-1])), "csr_invalid")
add("version 2", repem(bytes(g).replace(b"\x02\x01\x00", b"\x02\x01\x01", 1)), "csr_invalid")
add("label CERTIFICATE", good.replace("CERTIFICATE REQUEST", "CERTIFICATE"), "csr_invalid")
add("two blocks", good + good, "csr_invalid")
add("no PEM", "hello", "csr_invalid")
add("empty", "", "csr_invalid")
# An IA5String outside ASCII, which Go refuses as well.
mail = (x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "rx@example.com")])).sign(p256, hashes.SHA256()))
m = mail.public_bytes(serialization.Encoding.DER)
add("non-ASCII IA5String in the subject", repem(m.replace(b"rx@example.com", b"\xc3\xa9@example.com")), "csr_invalid")

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "requests.json"), "w") as out:
    json.dump(rows, out, indent=1, ensure_ascii=False)
    out.write("\n")
print(len(rows))
