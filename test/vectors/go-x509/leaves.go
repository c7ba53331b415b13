// Writes leaves.json: certificates as Fulcio makes them with Go's crypto/x509, with what went into them.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/url"
	"os"
	"time"
)

type leaf struct {
	Issuer         string            `json:"issuer"`
	Algorithm      string            `json:"algorithm"`
	Serial         string            `json:"serial"`
	NotBefore      int64             `json:"notBefore"`
	Spki           string            `json:"spki"`
	San            map[string]string `json:"subjectAltName"`
	Values         map[string]string `json:"extensions"`
	Precertificate string            `json:"precertificateTbs"`
	SctList        string            `json:"sctList"`
	Certificate    string            `json:"certificateTbs"`
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func oid(number int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, number} }

func keyId(public any) []byte {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Bits      asn1.BitString
	}
	must(asn1.Unmarshal(must(x509.MarshalPKIXPublicKey(public)), &info))
	id := sha1.Sum(info.Bits.Bytes)
	return id[:]
}

func authority(curve elliptic.Curve) (*x509.Certificate, crypto.Signer) {
	key := must(ecdsa.GenerateKey(curve, rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(2500000000, 0),
		Subject:  pkix.Name{Organization: []string{"example"}, CommonName: "issuing"},
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true, SubjectKeyId: keyId(key.Public()),
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return must(x509.ParseCertificate(der)), key
}

func tbs(template *x509.Certificate, issuer *x509.Certificate, public any, signer crypto.Signer) string {
	der := must(x509.CreateCertificate(rand.Reader, template, issuer, public, signer))
	return hex.EncodeToString(must(x509.ParseCertificate(der)).RawTBSCertificate)
}

func main() {
	workflow := "https://github.com/o/r/.github/workflows/ci.yml@refs/heads/main"
	email := map[int]string{1: "https://accounts.google.com", 8: "https://accounts.google.com", 24: "1234567890"}
	build := map[int]string{24: "repo:o/r:ref:refs/heads/main"}
	for number := 1; number <= 23; number++ {
		if number != 7 {
			build[number] = "värde " + string(rune('a'+number))
		}
	}
	names := []string{"", "issuer", "githubWorkflowTrigger", "githubWorkflowSha", "githubWorkflowName", "githubWorkflowRepository",
		"githubWorkflowRef", "", "issuerV2", "buildSignerUri", "buildSignerDigest", "runnerEnvironment", "sourceRepositoryUri",
		"sourceRepositoryDigest", "sourceRepositoryRef", "sourceRepositoryIdentifier", "sourceRepositoryOwnerUri",
		"sourceRepositoryOwnerIdentifier", "buildConfigUri", "buildConfigDigest", "buildTrigger", "runInvocationUri",
		"sourceRepositoryVisibilityAtSigning", "deploymentEnvironment", "tokenSubject"}
	_, edwards := must2(ed25519.GenerateKey(rand.Reader))
	keys := []crypto.Signer{
		must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)), edwards, must(rsa.GenerateKey(rand.Reader, 2048)),
	}
	var rows []leaf
	for i, key := range keys {
		curve, algorithm := elliptic.P256(), "1.2.840.10045.4.3.2"
		if i%2 == 1 {
			curve, algorithm = elliptic.P384(), "1.2.840.10045.4.3.3"
		}
		issuer, signer := authority(curve)
		for _, values := range []map[int]string{email, build} {
			serial := make([]byte, 20)
			must(rand.Read(serial))
			serial[0] = serial[0]&0x7f | 0x40
			notBefore := time.Unix(1800000000+int64(i)*123456, 0)
			// From 2050 on a certificate has GeneralizedTime.
			if i == 4 {
				notBefore = time.Unix(2524607700, 0)
			}
			template := &x509.Certificate{
				SerialNumber: new(big.Int).SetBytes(serial), NotBefore: notBefore, NotAfter: notBefore.Add(10 * time.Minute),
				KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
				SubjectKeyId: keyId(key.Public()),
			}
			row := leaf{Issuer: hex.EncodeToString(issuer.Raw), Algorithm: algorithm, Serial: hex.EncodeToString(serial),
				NotBefore: notBefore.UnixMilli(), Spki: hex.EncodeToString(must(x509.MarshalPKIXPublicKey(key.Public()))), Values: map[string]string{}}
			if len(values) == 3 {
				template.EmailAddresses = []string{"alice@example.com"}
				row.San = map[string]string{"kind": "email", "value": "alice@example.com"}
			} else {
				template.URIs = []*url.URL{must(url.Parse(workflow))}
				row.San = map[string]string{"kind": "uri", "value": workflow}
			}
			for number := 1; number <= 24; number++ {
				value, there := values[number]
				if !there {
					continue
				}
				row.Values[names[number]] = value
				encoded := []byte(value)
				if number >= 8 {
					encoded = must(asn1.MarshalWithParams(value, "utf8"))
				}
				template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oid(number), Value: encoded})
			}
			extensions := template.ExtraExtensions
			poison := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: asn1.NullBytes}
			template.ExtraExtensions = append(extensions[:len(extensions):len(extensions)], poison)
			row.Precertificate = tbs(template, issuer, key.Public(), signer)
			list := must(asn1.Marshal([]byte{0, 5, 0, 3, 1, 2, 3}))
			scts := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: list}
			row.SctList = hex.EncodeToString(must(asn1.Marshal(scts)))
			template.ExtraExtensions = append(extensions[:len(extensions):len(extensions)], scts)
			row.Certificate = tbs(template, issuer, key.Public(), signer)
			rows = append(rows, row)
		}
	}
	out := must(json.MarshalIndent(rows, "", " "))
	if err := os.WriteFile("leaves.json", append(out, '\n'), 0o644); err != nil {
		panic(err)
	}
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}
