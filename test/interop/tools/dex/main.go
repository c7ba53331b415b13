// SPDX-License-Identifier: Apache-2.0
// Serves dex as its own command does with everything in memory. That command needs a C compiler, for SQLite.
//   dex CONFIG.json
// The configuration is one of dex's, in JSON; of its members: issuer, web.http, oauth2.skipApprovalScreen,
// staticClients, staticPasswords, connectors.

package main

import (
	"context"
	"encoding/json"
	"log"
	"log/slog"
	"net/http"
	"os"

	gosundheit "github.com/AppsFlyer/go-sundheit"
	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
)

type config struct {
	Issuer string `json:"issuer"`
	Web    struct {
		HTTP string `json:"http"`
	} `json:"web"`
	OAuth2 struct {
		SkipApprovalScreen bool `json:"skipApprovalScreen"`
	} `json:"oauth2"`
	StaticClients []struct {
		ID           string   `json:"id"`
		Secret       string   `json:"secret"`
		Name         string   `json:"name"`
		Public       bool     `json:"public"`
		RedirectURIs []string `json:"redirectURIs"`
	} `json:"staticClients"`
	StaticPasswords []struct {
		Email    string `json:"email"`
		Hash     string `json:"hash"`
		Username string `json:"username"`
		UserID   string `json:"userID"`
	} `json:"staticPasswords"`
	Connectors []struct {
		Type   string          `json:"type"`
		ID     string          `json:"id"`
		Name   string          `json:"name"`
		Config json.RawMessage `json:"config"`
	} `json:"connectors"`
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		log.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	handler, err := server.NewServer(context.Background(), server.Config{
		Issuer:             c.Issuer,
		Storage:            fill(memory.New(logger), c, logger),
		SkipApprovalScreen: c.OAuth2.SkipApprovalScreen,
		HealthChecker:      gosundheit.New(),
		Logger:             logger,
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(c.Web.HTTP, handler))
}

// fill adds what the configuration has, as dex's command does.
func fill(s storage.Storage, c config, logger *slog.Logger) storage.Storage {
	var clients []storage.Client
	for _, row := range c.StaticClients {
		clients = append(clients, storage.Client{
			ID: row.ID, Secret: row.Secret, Name: row.Name, Public: row.Public, RedirectURIs: row.RedirectURIs,
		})
	}
	var passwords []storage.Password
	for _, row := range c.StaticPasswords {
		passwords = append(passwords, storage.Password{
			Email: row.Email, Hash: []byte(row.Hash), Username: row.Username, UserID: row.UserID,
		})
	}
	var connectors []storage.Connector
	if len(passwords) > 0 {
		connectors = append(connectors, storage.Connector{ID: server.LocalConnector, Name: "Email", Type: server.LocalConnector})
	}
	for _, row := range c.Connectors {
		connectors = append(connectors, storage.Connector{ID: row.ID, Name: row.Name, Type: row.Type, Config: row.Config})
	}
	s = storage.WithStaticClients(s, clients)
	s = storage.WithStaticPasswords(s, passwords, logger)
	return storage.WithStaticConnectors(s, connectors)
}
