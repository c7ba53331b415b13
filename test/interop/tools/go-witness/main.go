// Signs and verifies attestations with go-witness, as released: the library of the `witness` command, which cannot be built
// from its module alone.
//
//	go-witness sign FILE    prints a signed envelope; TOKEN is the identity token, S the instance
//	go-witness verify FUNCTIONARY ENVELOPE ROOTS TSA    FUNCTIONARY holds the cert constraint of a witness policy as JSON;
//	                          ROOTS and TSA are PEM chains, issuing certificate first and root last
package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/in-toto/go-witness/cryptoutil"
	"github.com/in-toto/go-witness/dsse"
	"github.com/in-toto/go-witness/intoto"
	"github.com/in-toto/go-witness/policy"
	"github.com/in-toto/go-witness/signer/fulcio"
	"github.com/in-toto/go-witness/timestamp"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 2 && args[0] == "sign":
		err = sign(context.Background(), args[1])
	case len(args) == 5 && args[0] == "verify":
		err = verify(args[1], args[2], args[3], args[4])
	default:
		err = errors.New("usage: go-witness sign FILE | verify FUNCTIONARY ENVELOPE ROOTS TSA")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func sign(ctx context.Context, path string) error {
	statement, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	instance := os.Getenv("S")
	provider := fulcio.New(fulcio.WithFulcioURL(instance), fulcio.WithToken(os.Getenv("TOKEN")), fulcio.WithUseHttp(true))
	signer, err := provider.Signer(ctx)
	if err != nil {
		return err
	}
	authority := timestamp.NewTimestamper(timestamp.TimestampWithUrl(instance + "/api/v1/timestamp"))
	envelope, err := dsse.Sign(intoto.PayloadType, bytes.NewReader(statement),
		dsse.SignWithSigners(signer), dsse.SignWithTimestampers(authority))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(envelope)
}

func verify(functionary, envelopePath, rootsPath, tsaPath string) error {
	var constraint policy.CertConstraint
	var envelope dsse.Envelope
	if err := readJSON(functionary, &constraint); err != nil {
		return err
	}
	if err := readJSON(envelopePath, &envelope); err != nil {
		return err
	}
	chain, err := readChain(rootsPath)
	if err != nil {
		return err
	}
	authority, err := readChain(tsaPath)
	if err != nil {
		return err
	}
	root, intermediates := chain[len(chain)-1], chain[:len(chain)-1]
	checked, err := envelope.Verify(dsse.VerifyWithRoots(root), dsse.VerifyWithIntermediates(intermediates...),
		dsse.VerifyWithTimestampVerifiers(timestamp.NewVerifier(timestamp.VerifyWithCerts(authority))))
	if err != nil {
		return err
	}
	bundles := map[string]policy.TrustBundle{"instance": {Root: root, Intermediates: intermediates}}
	for _, result := range checked {
		verifier, isCertificate := result.Verifier.(*cryptoutil.X509Verifier)
		if result.Error != nil || !isCertificate {
			continue
		}
		if err = constraint.Check(verifier, bundles); err == nil {
			fmt.Println("verified")
			return nil
		}
	}
	return errors.Join(errors.New("no functionary signed"), err)
}

func readJSON(path string, value any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}

func readChain(path string) ([]*x509.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	for block, after := pem.Decode(rest); block != nil; block, after = pem.Decode(after) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		chain = append(chain, certificate)
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return chain, nil
}
