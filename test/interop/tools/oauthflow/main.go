// SPDX-License-Identifier: Apache-2.0
// Signs a person in as every program in Go does that uses sigstore's oauthflow, and prints the token on standard output.
//   oauthflow [-device] [-connector ID] [-redirect URL] [-no-browser] ISSUER
// The browser is `xdg-open` in PATH, the default of the library.

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/sigstore/sigstore/pkg/oauthflow"
	"golang.org/x/oauth2"
)

func main() {
	device := flag.Bool("device", false, "the device flow")
	connector := flag.String("connector", "", "connector_id of the request")
	redirect := flag.String("redirect", "", "redirect address of the listener")
	noBrowser := flag.Bool("no-browser", false, "the browser cannot be opened")
	flag.Parse()
	issuer := flag.Arg(0)
	token, err := oauthflow.OIDConnect(issuer, "sigstore", "", *redirect, getter(issuer, *device, *connector, *noBrowser))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "subject", token.Subject)
	fmt.Println(token.RawString)
}

func getter(issuer string, device bool, connector string, noBrowser bool) oauthflow.TokenGetter {
	if device {
		flow := oauthflow.NewDeviceFlowTokenGetterForIssuer(issuer)
		flow.MessagePrinter = func(text string) { fmt.Fprintln(os.Stderr, text) }
		return flow
	}
	interactive := &oauthflow.InteractiveIDTokenGetter{HTMLPage: oauthflow.DefaultIDTokenGetter.HTMLPage}
	if connector != "" {
		interactive.ExtraAuthURLParams = []oauth2.AuthCodeOption{oauthflow.ConnectorIDOpt(connector)}
	}
	if noBrowser {
		interactive.BrowserOpener = func(string) error { return errors.New("no browser here") }
	}
	return interactive
}
