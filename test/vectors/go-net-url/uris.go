// Prints what Go's net/url makes of each line of standard input, a JSON string: url.Parse(x).String() as JSON, or null.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			panic(err)
		}
		parsed, err := url.Parse(text)
		if err != nil {
			fmt.Println("null")
			continue
		}
		out, _ := json.Marshal(parsed.String())
		fmt.Println(string(out))
	}
}
