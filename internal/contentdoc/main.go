// Command contentdoc writes the part of documentation.md that mdatagen cannot
// know: the attributes that `traces.content: strip` removes. It knows semconv's
// list and nothing else; scripts/generate.sh runs it.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

const introduction = `
## Content attributes

With ` + "`traces.content: strip`" + ` these attributes are removed from the spans that travel on, and from those of their events that the
envelope carries; of per-message span events (` + "`gen_ai.user.message`, `gen_ai.choice`" + ` and the like) the message is removed as
well. The envelope keeps all of it: in its messages, else among the attributes of its call; what span events say, in its events.
With ` + "`envelope.events: false`" + ` span events stay as they are, and so does a span of which ` + "`limits.max_event_bytes`" + `
cut something. ` + "`N`" + ` stands for an index, ` + "`*`" + ` for anything. This is no redaction: text in
other attributes, in exceptions and in a span's status stays.

`

func main() {
	if err := write(os.Stdout, semconv.ContentAttributes); err != nil {
		fmt.Fprintln(os.Stderr, "contentdoc:", err)
		os.Exit(1)
	}
}

func write(w io.Writer, attributes []string) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, introduction)
	for _, name := range attributes {
		fmt.Fprintf(out, "- `%s`\n", name)
	}
	return out.Flush()
}
