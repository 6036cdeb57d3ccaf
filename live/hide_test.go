package live_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// In a carrier each § is content, which becomes a word of its own that is nowhere
// to be found where content is hidden; so is each †, of which something else says
// the same better. Each ¤ is what an operator is to see.
type carrier struct {
	name string
	span *carrierSpan
	logs []carrierLog
}

type carrierSpan struct {
	name  string
	kind  semconv.Kind
	attrs map[string]any
	links []map[string]any
	// status is the message of an error.
	status string
}

type carrierLog struct {
	name  string
	event bool
	attrs map[string]any
	body  any
}

// words are what the marks of a carrier became.
type words struct {
	content, worse, shown []string
}

func (w *words) text(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '§':
			w.content = append(w.content, fmt.Sprintf("canary%dq", len(w.content)))
			b.WriteString(w.content[len(w.content)-1])
		case '†':
			w.worse = append(w.worse, fmt.Sprintf("canaryworse%dq", len(w.worse)))
			b.WriteString(w.worse[len(w.worse)-1])
		case '¤':
			w.shown = append(w.shown, fmt.Sprintf("shown%dq", len(w.shown)))
			b.WriteString(w.shown[len(w.shown)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (w *words) value(v any) any {
	switch v := v.(type) {
	case string:
		return w.text(v)
	case []byte:
		said := []byte(w.text(string(v)))
		w.content[len(w.content)-1] = base64.StdEncoding.EncodeToString(said)
		return said
	case float64:
		w.content = append(w.content, fmt.Sprint(v))
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = w.value(v[i])
		}
		return all
	case map[string]any:
		return w.values(v)
	}
	return v
}

func (w *words) values(m map[string]any) map[string]any {
	all := make(map[string]any, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all[key] = w.value(m[key])
	}
	return all
}

// facts are what an engine publishes of a request that the carrier brings.
func (c *carrier) facts(t *testing.T, a *asked, w *words) []event.Fact {
	t.Helper()
	facts := []event.Fact{a.opened()}
	for _, one := range c.logs {
		log := plog.NewLogRecord()
		log.SetTimestamp(1_700_000_000_000_000_000)
		require.NoError(t, log.Attributes().FromRaw(w.values(one.attrs)))
		require.NoError(t, log.Body().FromRaw(w.value(one.body)))
		r := event.Record{Log: log, Name: one.name, Origin: origin}
		if one.event {
			r.Source = event.SourceSpanEvent
		}
		a.seq++
		facts = append(facts, event.Fact{
			Kind: event.FactRecord, Request: a.Request, Packed: event.AppendRecord(nil, &r),
			TraceID: a.trace, SpanID: a.span, Origin: origin, Seq: a.seq,
		})
	}
	if c.span != nil {
		facts = append(facts, c.call(t, a, w))
	}
	return append(facts, a.ended(), a.flushed(event.FlushSpanEnd))
}

func (c *carrier) call(t *testing.T, a *asked, w *words) event.Fact {
	t.Helper()
	a.spans++
	span := ptrace.NewSpan()
	span.SetName(w.text(c.span.name))
	span.SetStartTimestamp(1_700_000_000_000_000_000)
	span.SetEndTimestamp(1_700_000_001_000_000_000)
	require.NoError(t, span.Attributes().FromRaw(w.values(c.span.attrs)))
	for i, attrs := range c.span.links {
		link := span.Links().AppendEmpty()
		link.SetTraceID(pcommon.TraceID{15: byte(i + 1)})
		require.NoError(t, link.Attributes().FromRaw(w.values(attrs)))
	}
	if c.span.status != "" {
		span.Status().SetCode(ptrace.StatusCodeError)
		span.Status().SetMessage(w.text(c.span.status))
	}
	kind := c.span.kind
	if kind == "" {
		kind = semconv.KindInference
	}
	packed := event.AppendSpan(nil, &event.Span{Data: span, Origin: origin, Kind: kind, Gathered: true})
	return event.Fact{
		Kind: event.FactCall, Request: a.Request, Packed: packed, TraceID: a.trace, SpanID: a.span, Origin: origin,
	}
}

// everything is all that a hub shows of a request: the bytes of its streams, as
// an audience of one and of many and as those who filter are given them, and its
// snapshots.
func everything(t *testing.T, hidden bool, facts []event.Fact, id string) (streams, snapshots string) {
	t.Helper()
	opts := options()
	opts.Hide = hidden
	h := newHub(t, opts)
	// Some watch while it happens: what they are given is encoded in blocks.
	watching := []*live.Subscription{h.Subscribe(live.Filter{}, live.Start{}), h.Subscribe(live.Filter{}, live.Start{})}
	h.Publisher("p").Publish(facts)
	watching = append(watching, h.Subscribe(live.Filter{}, live.Start{Begin: true}),
		h.Subscribe(live.ParseFilter(map[string][]string{"processor": {"p"}}), live.Start{Begin: true}), follow(t, h, id, ""))
	var raw strings.Builder
	for _, s := range watching {
		for given := 0; given < len(facts); {
			pieces, err := s.Next(t.Context(), time.Minute, nil, 1<<20)
			for _, piece := range pieces {
				given += strings.Count(string(piece), "\n\n")
				raw.Write(piece)
			}
			if given < len(facts) {
				require.NoError(t, err)
			}
		}
		if s != watching[len(watching)-1] {
			s.Close()
		}
	}
	whole, err := shown(h, id)
	require.NoError(t, err)
	list, err := listed(h, &live.Query{Limit: 10})
	require.NoError(t, err)
	for _, text := range []string{"canary", "canary0q"} {
		found, err := listed(h, &live.Query{Limit: 10, Text: text})
		require.NoError(t, err)
		if hidden {
			assert.Contains(t, string(found), `"requests":[]`, "a search would tell what is hidden")
		}
	}
	return raw.String(), string(whole) + "\n" + string(list)
}

func TestHiddenContentOfEveryCarrier(t *testing.T) {
	for i := range carriers {
		c := &carriers[i]
		t.Run(c.name, func(t *testing.T) {
			var w words
			a := newAsked(uint64(i))
			facts := c.facts(t, a, &w)
			require.NotEmpty(t, w.content)
			streams, _ := everything(t, false, facts, a.ID)
			for _, word := range w.content {
				assert.Contains(t, streams, word, "this carrier's content is not shown at all")
			}
			streams, snapshots := everything(t, true, facts, a.ID)
			for _, word := range append(w.content, w.worse...) {
				assert.NotContains(t, streams, word, "in a stream")
				assert.NotContains(t, snapshots, word, "in a snapshot")
			}
			for _, word := range w.shown {
				assert.Contains(t, streams, word, "what is no content stays")
			}
			assert.Contains(t, streams, `"hidden_bytes":`)
			assert.Contains(t, snapshots, `"hidden_bytes":`)
		})
	}
}

// What is shown is known to be no content: attributes of one's own are hidden.
func TestHidingFailsClosed(t *testing.T) {
	long := strings.Repeat("x", 300) + "§"
	c := carrier{
		logs: []carrierLog{{name: "gen_ai.of.tomorrow", attrs: map[string]any{
			"gen_ai.some.new.attribute": "§", "my.company.note": "§", "x": []any{"§"}, "y": map[string]any{"z": "§"},
			// known names with what they never hold
			semconv.AttrResponseID: long, semconv.AttrRequestModel: map[string]any{"text": "§"},
			semconv.AttrUsageInputTokens: "§", "gen_ai.usage.new_tokens": "§", "gen_ai.request.messages": "§",
			"finish_reasons": []any{map[string]any{"text": "§"}}, "gen_ai.request.temperature": "warm §",
			"bytes": []byte("§"), "vector": []any{0.918273645},
		}}},
		span: &carrierSpan{name: "chat", attrs: map[string]any{
			"some.key": "§", semconv.AttrFinishReasons: []any{long}, semconv.AttrErrorType: long,
		}},
	}
	var w words
	a := newAsked(1)
	facts := c.facts(t, a, &w)
	streams, snapshots := everything(t, true, facts, a.ID)
	for _, word := range w.content {
		assert.NotContains(t, streams, word)
		assert.NotContains(t, snapshots, word)
	}
}
