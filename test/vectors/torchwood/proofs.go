// Proofs as filippo.io/torchwood formats them, sound ones and spoilt ones, each with its verdict. See README.md.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proofCase struct {
	Name   string `json:"name"`
	Proof  string `json:"proof"`
	Record string `json:"record"`
	Policy string `json:"policy"`
	// Whether torchwood.VerifyProof accepts it.
	Accepted bool `json:"accepted"`
}

const origin = "log.example/proofs"

// Keys are of fixed seeds: the output is the same each time, but for the cosignatures' times.
func seed(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string('a'+n), ed25519.SeedSize)))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func logSigner(key ed25519.PrivateKey, name string) (note.Signer, string) {
	vkey := must(note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey)))
	// PRIVATE+KEY+<name>+<hash>+<base64(01 || seed)>
	parts := strings.SplitN(vkey, "+", 3)
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", name, parts[1], encode(append([]byte{1}, key.Seed()...)))
	return must(note.NewSigner(skey)), vkey
}

func record(i int64) []byte { return fmt.Appendf(nil, "record %d", i) }

type memory struct{ hashes []tlog.Hash }

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		list[i] = m.hashes[index]
	}
	return list, nil
}

func grow(size int64) *memory {
	m := &memory{}
	for i := range size {
		m.hashes = append(m.hashes, must(tlog.StoredHashes(i, record(i), m))...)
	}
	return m
}

func main() {
	signer, vkey := logSigner(seed(0), origin)
	_, otherVkey := logSigner(seed(1), origin)
	foreign, foreignVkey := logSigner(seed(2), "other.example/log")
	witnesses := make([]*torchwood.CosignatureSigner, 3)
	lines := ""
	for i := range witnesses {
		witnesses[i] = must(torchwood.NewCosignatureSigner(fmt.Sprintf("witness%d.example", i), seed(byte(3+i))))
		lines += fmt.Sprintf("witness w%d %s\n", i, witnesses[i].Verifier())
	}
	alone := fmt.Sprintf("log %s\nquorum none\n", vkey)
	twoOfThree := fmt.Sprintf("log %s\n%sgroup g 2 w0 w1 w2\nquorum g\n", vkey, lines)

	checkpoint := func(size int64, extension string, signers ...note.Signer) []byte {
		tree := tlog.Tree{N: size, Hash: must(tlog.TreeHash(size, grow(size)))}
		text := torchwood.Checkpoint{Origin: origin, Tree: tree, Extension: extension}.String()
		return must(note.Sign(&note.Note{Text: text}, signers...))
	}
	path := func(size, index int64) tlog.RecordProof { return must(tlog.ProveRecord(size, index, grow(size))) }

	var cases []proofCase
	add := func(name string, proof []byte, rec []byte, policyText string) {
		policy := must(torchwood.ParsePolicy([]byte(policyText)))
		err := torchwood.VerifyProof(policy, tlog.RecordHash(rec), proof)
		cases = append(cases, proofCase{name, string(proof), string(rec), policyText, err == nil})
	}

	for _, size := range []int64{1, 2, 3, 7, 8, 255, 256, 257, 1000} {
		for _, index := range slices.Compact([]int64{0, size / 3, size / 2, size - 1}) {
			proof := torchwood.FormatProof(index, path(size, index), checkpoint(size, "", signer))
			add(fmt.Sprintf("entry %d of %d", index, size), proof, record(index), alone)
		}
	}
	plain := checkpoint(7, "", signer)
	sound := torchwood.FormatProof(3, path(7, 3), plain)
	add("extra data", torchwood.FormatProofWithExtraData(3, []byte("age-v1.2.1-darwin-arm64.tar.gz"), path(7, 3), plain), record(3), alone)
	add("empty extra data", torchwood.FormatProofWithExtraData(3, nil, path(7, 3), plain), record(3), alone)
	add("an extension line", torchwood.FormatProof(3, path(7, 3), checkpoint(7, "frozen\n", signer)), record(3), alone)
	add("a line of an unknown key", torchwood.FormatProof(3, path(7, 3), checkpoint(7, "", foreign, signer)), record(3), alone)

	add("another record", sound, record(4), alone)
	add("another index", torchwood.FormatProof(4, path(7, 3), plain), record(3), alone)
	add("an index beyond the tree", torchwood.FormatProof(7, path(7, 3), plain), record(3), alone)
	add("a hash too few", torchwood.FormatProof(3, path(7, 3)[:2], plain), record(3), alone)
	add("a hash too many", torchwood.FormatProof(3, append(path(7, 3), tlog.Hash{}), plain), record(3), alone)
	add("another size", torchwood.FormatProof(3, path(8, 3), plain), record(3), alone)
	add("another key of the log", sound, record(3), fmt.Sprintf("log %s\nquorum none\n", otherVkey))
	add("another log", sound, record(3), fmt.Sprintf("log %s\nquorum none\n", foreignVkey))
	add("no line of the log", torchwood.FormatProof(3, path(7, 3), checkpoint(7, "", foreign)), record(3), alone)
	add("a changed root", []byte(strings.Replace(string(sound), "\n7\n", "\n7\nA", 1)), record(3), alone)
	add("a changed size", []byte(strings.Replace(string(sound), "\n7\n", "\n6\n", 1)), record(3), alone)

	for count := range 4 {
		signers := []note.Signer{signer}
		for _, witness := range witnesses[:count] {
			signers = append(signers, witness)
		}
		proof := torchwood.FormatProof(3, path(7, 3), checkpoint(7, "", signers...))
		add(fmt.Sprintf("%d of 3 witnesses where 2 are asked for", count), proof, record(3), twoOfThree)
		if count == 3 {
			spoilt := strings.Replace(string(proof), fmt.Sprintf("%s ", witnesses[0].Name()), fmt.Sprintf("%s ", witnesses[1].Name()), 1)
			add("a cosignature under another name", []byte(spoilt), record(3), twoOfThree)
		}
	}
	stale := string(checkpoint(8, "", witnesses[0]))
	stale = stale[strings.Index(stale, "\n\n")+2:]
	cosigned := checkpoint(7, "", signer, witnesses[1], witnesses[2])
	add("a cosignature of another tree", torchwood.FormatProof(3, path(7, 3), append(cosigned, stale...)), record(3), twoOfThree)
	add("witnesses without the log", torchwood.FormatProof(3, path(7, 3), checkpoint(7, "", witnesses[0], witnesses[1])), record(3), twoOfThree)

	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(cases); err != nil {
		panic(err)
	}
}

func encode(bytes []byte) string { return base64.StdEncoding.EncodeToString(bytes) }
