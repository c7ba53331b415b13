// Decides about an image as sigstore's policy-controller does in a cluster, with its libraries as released: it reads the
// keys of a TrustRoot as the reconciler does, and verifies the image as the webhook does.
//
//	policy-controller IMAGE FILE    FILE has a TrustRoot and a ClusterImagePolicy, as an operator applies them
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/policy-controller/pkg/apis/config"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	"github.com/sigstore/policy-controller/pkg/policy"
	"github.com/sigstore/policy-controller/pkg/reconciler/trustroot"
	"github.com/sigstore/policy-controller/pkg/reconciler/trustroot/resources"
	"github.com/sigstore/policy-controller/pkg/tuf"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: policy-controller IMAGE FILE"))
	}
	if err := decide(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
	fmt.Println("admitted")
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func decide(ctx context.Context, image, path string) error {
	objects, err := readObjects(path)
	if err != nil {
		return err
	}
	var root v1alpha1.TrustRoot
	if err := json.Unmarshal(objects["TrustRoot"], &root); err != nil {
		return fmt.Errorf("TrustRoot: %w", err)
	}
	keys, err := readKeys(ctx, &root)
	if err != nil {
		return fmt.Errorf("TrustRoot %s: %w", root.Name, err)
	}
	// The reconciler hands them to the webhook in a ConfigMap.
	stored, err := resources.NewConfigMap("cosign-system", config.SigstoreKeysConfigName, root.Name, keys)
	if err != nil {
		return err
	}
	configuration := config.FromContextOrDefaults(ctx)
	configuration.SigstoreKeysConfig, err = config.NewSigstoreKeysFromConfigMap(stored)
	if err != nil {
		return err
	}
	ctx = config.ToContext(ctx, configuration)

	verification := policy.Verification{
		NoMatchPolicy: "deny",
		Policies:      &[]policy.Source{{Data: string(objects["ClusterImagePolicy"])}},
	}
	if err := verification.Validate(ctx); err != nil {
		return err
	}
	verifier, err := policy.Compile(ctx, verification, log.Printf)
	if err != nil {
		return err
	}
	reference, err := name.ParseReference(image)
	if err != nil {
		return err
	}
	return verifier.Verify(ctx, reference, authn.DefaultKeychain)
}

// readKeys does what the reconciler does with a TrustRoot: pkg/reconciler/trustroot/trustroot.go:62-107
func readKeys(ctx context.Context, root *v1alpha1.TrustRoot) (*config.SigstoreKeys, error) {
	keys, err := fetchKeys(ctx, root)
	if err != nil {
		return nil, err
	}
	for _, log := range slices.Concat(keys.Tlogs, keys.Ctlogs) {
		key, err := cryptoutils.UnmarshalPEMToPublicKey(config.SerializePublicKey(log.PublicKey))
		if err != nil {
			return nil, err
		}
		id, err := cosign.GetTransparencyLogID(key)
		if err != nil {
			return nil, err
		}
		log.LogId = &config.LogID{KeyId: []byte(id)}
	}
	return keys, nil
}

func fetchKeys(ctx context.Context, root *v1alpha1.TrustRoot) (*config.SigstoreKeys, error) {
	if err := root.Validate(ctx); err != nil {
		return nil, err
	}
	if root.Spec.Remote == nil {
		return config.ConvertSigstoreKeys(ctx, root.Spec.SigstoreKeys)
	}
	remote := root.Spec.Remote
	client, err := tuf.ClientFromRemote(ctx, remote.Mirror.String(), remote.Root, remote.Targets)
	if err != nil {
		return nil, err
	}
	return trustroot.GetSigstoreKeysFromTuf(ctx, client, "trusted_root.json")
}

// readObjects reads the objects of a file as JSON, by their kind.
func readObjects(path string) (map[string]json.RawMessage, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	objects := map[string]json.RawMessage{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		var object json.RawMessage
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		var meta struct{ Kind string }
		if err := json.Unmarshal(object, &meta); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		objects[meta.Kind] = object
	}
	for _, kind := range []string{"TrustRoot", "ClusterImagePolicy"} {
		if objects[kind] == nil {
			return nil, fmt.Errorf("%s has no %s", path, kind)
		}
	}
	return objects, nil
}
