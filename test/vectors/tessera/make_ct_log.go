// SPDX-License-Identifier: Apache-2.0

// Command make_ct_log writes a static-ct-api log with Tessera's own code and prints its files as JSON: README.md says how.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/ctonly"
	"github.com/transparency-dev/tessera/storage/posix"
)

const origin = "ct.example.com/tessera"

// vectors is test/vectors/python-cryptography/ct_chain.json.
type vectors struct {
	Root          []byte `json:"root"`
	Ca            []byte `json:"ca"`
	IssuerKeyHash string `json:"issuerKeyHash"`
	Cases         []struct {
		Certificate    []byte `json:"certificate"`
		Precertificate []byte `json:"precertificate"`
		Tbs            []byte `json:"tbs"`
	} `json:"cases"`
}

// signer makes signatures of type 05: RFC 6962 tree heads.
type signer struct {
	key *ecdsa.PrivateKey
	id  []byte
}

func newSigner() *signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	logID := sha256.Sum256(spki(key))
	id := sha256.Sum256(append([]byte(origin+"\n\x05"), logID[:]...))
	return &signer{key: key, id: id[:4]}
}

func spki(key *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	check(err)
	return der
}

func (s *signer) Name() string    { return origin }
func (s *signer) KeyHash() uint32 { return binary.BigEndian.Uint32(s.id) }

func (s *signer) vkey() string {
	key := append([]byte{5}, spki(s.key)...)
	return fmt.Sprintf("%s+%x+%s", origin, s.id, base64.StdEncoding.EncodeToString(key))
}

func (s *signer) Sign(msg []byte) ([]byte, error) {
	lines := strings.Split(string(msg), "\n")
	var size uint64
	if _, err := fmt.Sscan(lines[1], &size); err != nil {
		return nil, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		return nil, err
	}
	now := binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixMilli()))
	head := append([]byte{0, 1}, now...)
	head = append(binary.BigEndian.AppendUint64(head, size), root...)
	digest := sha256.Sum256(head)
	signature, err := ecdsa.SignASN1(rand.Reader, s.key, digest[:])
	if err != nil {
		return nil, err
	}
	out := append(now, 4, 3)
	return append(binary.BigEndian.AppendUint16(out, uint16(len(signature))), signature...), nil
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	var v vectors
	text, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(text, &v))
	keyHash, err := hex.DecodeString(v.IssuerKeyHash)
	check(err)
	chain := [][32]byte{sha256.Sum256(v.Ca), sha256.Sum256(v.Root)}

	ctx := context.Background()
	folder, err := os.MkdirTemp("", "tessera-ct-")
	check(err)
	defer os.RemoveAll(folder)
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	check(err)
	s := newSigner()
	opts := tessera.NewAppendOptions().WithCheckpointSigner(s).WithCTLayout().
		WithCheckpointInterval(100*time.Millisecond).WithBatching(1, time.Millisecond)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, opts)
	check(err)
	add := tessera.NewCertificateTransparencyAppender(appender)
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	for _, c := range v.Cases {
		now := uint64(time.Now().UnixMilli())
		_, _, err := awaiter.Await(ctx, add(ctx, &ctonly.Entry{Timestamp: now, Certificate: c.Certificate, FingerprintsChain: chain}))
		check(err)
		_, _, err = awaiter.Await(ctx, add(ctx, &ctonly.Entry{
			Timestamp: now, IsPrecert: true, Certificate: c.Tbs, Precertificate: c.Precertificate,
			IssuerKeyHash: keyHash, FingerprintsChain: chain,
		}))
		check(err)
	}
	check(shutdown(ctx))

	files := map[string][]byte{}
	for i, certificate := range [][]byte{v.Ca, v.Root} {
		files["issuer/"+hex.EncodeToString(chain[i][:])] = certificate
	}
	check(filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		name, _ := filepath.Rel(folder, path)
		if err != nil || entry.IsDir() || strings.HasPrefix(name, ".") {
			return err
		}
		bytes, err := os.ReadFile(path)
		// Keeps only the partial tiles of the last checkpoint: 2 entries a case.
		if !strings.Contains(name, ".p/") || strings.HasSuffix(name, fmt.Sprintf(".p/%d", 2*len(v.Cases))) {
			files[name] = bytes
		}
		return err
	}))
	out, err := json.MarshalIndent(map[string]any{"vkey": s.vkey(), "files": files}, "", " ")
	check(err)
	fmt.Println(string(out))
}
