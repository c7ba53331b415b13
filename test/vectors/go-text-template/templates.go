// Prints what Go's text/template makes of each line of standard input, a JSON string, with the option missingkey=error and the
// values below: ["text", x], ["parse"] if it cannot be parsed, ["run"] if it fails with these values.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"
)

var values = map[string]string{"a": "A", "b": "B", "empty": "", "branch": "branch", "x.y/z": "dotted"}

func answer(text string) []string {
	parsed, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return []string{"parse"}
	}
	var out strings.Builder
	if err := parsed.Execute(&out, values); err != nil {
		return []string{"run"}
	}
	return []string{"text", out.String()}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			panic(err)
		}
		line, _ := json.Marshal([]any{text, answer(text)})
		fmt.Println(string(line))
	}
}
