// Prints what Go makes of each line of standard input, a JSON string, as the name of a certificate: the URI that
// x509.ParseCertificate reads from a certificate that x509.CreateCertificate made for url.Parse(x), as JSON, or null.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"time"
)

func name(text string, key *ecdsa.PrivateKey) *string {
	parsed, err := url.Parse(text)
	if err != nil {
		return nil
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(1700000600, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		URIs: []*url.URL{parsed},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil || len(certificate.URIs) != 1 {
		return nil
	}
	read := certificate.URIs[0].String()
	return &read
}

func main() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			panic(err)
		}
		out, _ := json.Marshal(name(text, key))
		fmt.Println(string(out))
	}
}
