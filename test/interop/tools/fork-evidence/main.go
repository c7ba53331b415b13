// Verifies a file of evidence that `sigedge monitor` or `sigedge audit` wrote, over the libraries of transparency.dev and
// golang.org/x/mod: signed notes, checkpoints, consistency proofs. Prints what the file proves.
//
//	fork-evidence FILE VKEY    VKEY is the key of the log, from elsewhere than the file
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/transparency-dev/formats/log"
	formats "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

type evidence struct {
	// Two heads.
	Older                string   `json:"older"`
	Newer                string   `json:"newer"`
	NewerRootAtOlderSize []byte   `json:"newerRootAtOlderSize"`
	ConsistencyProof     [][]byte `json:"consistencyProof"`
	// One head, where served files contradict it.
	Note string `json:"note"`
}

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: fork-evidence FILE VKEY"))
	}
	said, err := judge(os.Args[1], os.Args[2])
	if err != nil {
		fail(err)
	}
	fmt.Println(said)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func judge(file, vkey string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var found evidence
	if err := json.Unmarshal(text, &found); err != nil {
		return "", err
	}
	verifier, err := formats.NewVerifier(vkey)
	if err != nil {
		return "", err
	}
	if found.Note != "" {
		head, err := open(found.Note, verifier)
		return fmt.Sprintf("signed %d", head.Size), err
	}
	older, err := open(found.Older, verifier)
	if err != nil {
		return "", fmt.Errorf("older: %w", err)
	}
	newer, err := open(found.Newer, verifier)
	if err != nil {
		return "", fmt.Errorf("newer: %w", err)
	}
	if newer.Size < older.Size {
		return fmt.Sprintf("shrank %d %d", older.Size, newer.Size), nil
	}
	// The newer head commits to another root for the entries of the older one.
	at := func(root []byte) error {
		return proof.VerifyConsistency(rfc6962.DefaultHasher, older.Size, newer.Size, found.ConsistencyProof, root, newer.Hash)
	}
	if err := at(found.NewerRootAtOlderSize); err != nil {
		return "", fmt.Errorf("the proof is not that of the newer tree: %w", err)
	}
	if at(older.Hash) == nil {
		return "", errors.New("the newer tree extends the older one")
	}
	return fmt.Sprintf("forked %d %d", older.Size, newer.Size), nil
}

func open(text string, verifier note.Verifier) (log.Checkpoint, error) {
	var head log.Checkpoint
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return head, err
	}
	_, err = head.Unmarshal([]byte(opened.Text))
	return head, err
}
