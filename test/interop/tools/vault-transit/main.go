// Serves the Transit engine of Vault, as released, on a port of this machine that it prints: what Vault answers below
// /v1/transit/ to whoever has the token in TOKEN. Vault itself cannot be built from its modules alone.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/sdk/logical"
)

func main() {
	storage := &logical.InmemStorage{}
	engine, err := transit.Factory(context.Background(), &logical.BackendConfig{
		StorageView: storage,
		System:      logical.TestSystemView(),
		Logger:      hclog.NewNullLogger(),
		BackendUUID: "transit",
	})
	if err != nil {
		fail(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	fail(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body := answer(engine, storage, r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(body)
	})))
}

func answer(engine logical.Backend, storage logical.Storage, r *http.Request) (int, any) {
	path, isOfEngine := strings.CutPrefix(r.URL.Path, "/v1/transit/")
	if !isOfEngine {
		return http.StatusNotFound, failure("no handler for route")
	}
	if r.Header.Get("X-Vault-Token") != os.Getenv("TOKEN") {
		return http.StatusForbidden, failure("permission denied")
	}
	request := &logical.Request{Operation: logical.ReadOperation, Path: path, Storage: storage, MountPoint: "transit/"}
	if r.Method != http.MethodGet {
		request.Operation = logical.UpdateOperation
		if err := json.NewDecoder(r.Body).Decode(&request.Data); err != nil {
			return http.StatusBadRequest, failure(err.Error())
		}
	}
	response, err := engine.HandleRequest(r.Context(), request)
	if err == nil && response != nil && response.IsError() {
		err = response.Error()
	}
	if err != nil {
		return http.StatusBadRequest, failure(err.Error())
	}
	if response == nil {
		return http.StatusOK, map[string]any{}
	}
	return http.StatusOK, map[string]any{"request_id": "1", "data": response.Data}
}

func failure(reason string) map[string]any {
	return map[string]any{"errors": []string{reason}}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
