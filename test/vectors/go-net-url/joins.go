// Prints what Go's net/url makes of each line of standard input, a JSON string, as a path behind a host: JoinPath(x).String() as
// JSON, or null where the path has an escape that is none (Go leaves the path out then).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
)

func main() {
	base, err := url.Parse("https://github.com/")
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			panic(err)
		}
		if _, err := url.PathUnescape(text); err != nil {
			fmt.Println("null")
			continue
		}
		out, _ := json.Marshal(base.JoinPath(text).String())
		fmt.Println(string(out))
	}
}
