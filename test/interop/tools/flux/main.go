// Decides about an image as Flux does, with the verifier of source-controller as released. That verifier is internal to
// its module, so this program's path is below it.
//
//	flux IMAGE FILE    FILE has an OCIRepository and the Secret of its trusted root, as an operator applies them
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/fluxcd/source-controller/internal/oci"
	verifier "github.com/fluxcd/source-controller/internal/oci/cosign"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: flux IMAGE FILE"))
	}
	if err := decide(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
	fmt.Println("verified")
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// decide calls the verifier as internal/controller/ocirepository_controller.go does.
func decide(ctx context.Context, image, path string) error {
	secret, repository, err := readObjects(path)
	if err != nil {
		return err
	}
	verify := repository.Spec.Verify
	if verify == nil || verify.TrustedRootSecretRef == nil || verify.TrustedRootSecretRef.Name != secret.Name {
		return errors.New("the OCIRepository does not name the Secret")
	}
	var identities []cosign.Identity
	for _, match := range verify.MatchOIDCIdentity {
		identities = append(identities, cosign.Identity{IssuerRegExp: match.Issuer, SubjectRegExp: match.Subject})
	}
	ofImage, err := verifier.NewCosignVerifierFactory().NewCosignVerifier(ctx,
		verifier.WithTrustedRoot([]byte(secret.StringData["trusted_root.json"])), verifier.WithIdentities(identities))
	if err != nil {
		return err
	}
	reference, err := name.ParseReference(image)
	if err != nil {
		return err
	}
	result, err := ofImage.Verify(ctx, reference)
	if err == nil && result != oci.VerificationResultSuccess {
		return errors.New("no signature verified")
	}
	return err
}

// readObjects parses each object with its own type, strictly.
func readObjects(path string) (secret corev1.Secret, repository sourcev1.OCIRepository, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return secret, repository, err
	}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var meta struct{ Kind string }
		if err := yaml.Unmarshal(document, &meta); err != nil {
			return secret, repository, err
		}
		switch meta.Kind {
		case "Secret":
			err = yaml.UnmarshalStrict(document, &secret)
		case "OCIRepository":
			err = yaml.UnmarshalStrict(document, &repository)
		default:
			err = fmt.Errorf("%s has a %q", path, meta.Kind)
		}
		if err != nil {
			return secret, repository, err
		}
	}
	return secret, repository, nil
}
