package live_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options() live.Options {
	return live.Options{
		RingEvents: 1 << 12, RingBytes: 1 << 24, Retention: time.Hour, RetainedBytes: 1 << 26, MaxRequests: 1000,
	}
}

func newHub(t testing.TB, opts live.Options) *live.Hub {
	t.Helper()
	h := live.NewHub(opts)
	t.Cleanup(h.Stop)
	return h
}

var origin = newOrigin("shop")

func newOrigin(service string) *event.Origin {
	o := &event.Origin{Resource: pcommon.NewResource(), Scope: pcommon.NewInstrumentationScope()}
	o.Resource.Attributes().PutStr("service.name", service)
	o.Scope.SetName("tester")
	return o
}

// asked is a request as an engine publishes it.
type asked struct {
	*event.Request
	trace pcommon.TraceID
	span  pcommon.SpanID
	seq   uint64
	parts int
	// spans are calls that have not left.
	spans int
}

func newAsked(n uint64) *asked {
	a := &asked{Request: &event.Request{ID: "r" + strconv.FormatUint(n, 10), KeySource: "span"}}
	binary.BigEndian.PutUint64(a.Opening[:], n+1)
	binary.BigEndian.PutUint64(a.trace[:], n+1)
	binary.BigEndian.PutUint64(a.span[:], n+1)
	return a
}

func (a *asked) opened() event.Fact { return event.Fact{Kind: event.FactOpened, Request: a.Request} }

func (a *asked) record(name, body string) event.Fact {
	a.seq++
	log := plog.NewLogRecord()
	log.SetTimestamp(pcommon.Timestamp(1_700_000_000_000_000_000 + a.seq))
	log.SetEventName(name)
	if body != "" {
		log.Body().SetEmptyMap().PutStr("content", body)
	}
	packed := event.AppendRecord(nil, &event.Record{Log: log, Name: name, Origin: origin})
	return event.Fact{
		Kind: event.FactRecord, Request: a.Request, Packed: packed, TraceID: a.trace, SpanID: a.span, Origin: origin,
		Seq: a.seq, Late: a.parts > 0,
	}
}

func (a *asked) call(provider string) event.Fact {
	a.spans++
	span := ptrace.NewSpan()
	span.SetName("chat")
	span.SetStartTimestamp(1_700_000_000_000_000_000)
	span.SetEndTimestamp(1_700_000_001_000_000_000)
	span.Attributes().PutStr(semconv.AttrProviderName, provider)
	span.Attributes().PutStr(semconv.AttrOperationName, "chat")
	span.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"a secret"}]}]`)
	span.Attributes().PutInt("gen_ai.usage.input_tokens", 7)
	packed := event.AppendSpan(nil, &event.Span{Data: span, Origin: origin, Kind: semconv.KindInference, Gathered: true})
	return event.Fact{
		Kind: event.FactCall, Request: a.Request, Packed: packed, TraceID: a.trace, SpanID: a.span, Origin: origin,
		Late: a.parts > 0,
	}
}

func (a *asked) ended() event.Fact {
	return event.Fact{Kind: event.FactEnded, Request: a.Request, TraceID: a.trace, SpanID: a.span, Origin: origin}
}

func (a *asked) flushed(reason event.FlushReason) event.Fact {
	a.parts++
	spans := a.spans
	a.spans = 0
	return event.Fact{Kind: event.FactFlushed, Request: a.Request, Flush: &event.Flush{
		Part: a.parts, Reason: reason, Complete: true, ID: fmt.Sprintf("%032d", a.parts), Events: int(a.seq), LastSeq: a.seq,
		Spans: spans,
	}}
}

func (a *asked) merged(into *asked) event.Fact {
	into.seq += a.seq
	into.spans += a.spans
	return event.Fact{Kind: event.FactMerged, Request: a.Request, Into: into.Request}
}

// frame is one frame, read.
type frame struct {
	id, name string
	position uint64
	data     map[string]any
}

func (f *frame) text(key string) string {
	text, _ := f.data[key].(string)
	return text
}

func (f *frame) number(key string) uint64 {
	n, _ := f.data[key].(float64)
	return uint64(n)
}

func parseFrame(raw []byte) (frame, error) {
	var f frame
	if !bytes.HasSuffix(raw, []byte("\n\n")) {
		return f, fmt.Errorf("frame does not end: %q", raw)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\n\n"), "\n") {
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "id":
			f.id = value
			_, position, _ := strings.Cut(value, "-")
			n, err := strconv.ParseUint(position, 10, 64)
			if err != nil {
				return f, err
			}
			f.position = n
		case "event":
			f.name = value
		case "data":
			if err := json.Unmarshal([]byte(value), &f.data); err != nil {
				return f, fmt.Errorf("%w: %q", err, value)
			}
		default:
			return f, fmt.Errorf("no such field: %q", line)
		}
	}
	return f, nil
}

// split answers the frames that a piece consists of.
func split(pieces [][]byte) [][]byte {
	var frames [][]byte
	for _, piece := range pieces {
		for f := range bytes.SplitAfterSeq(piece, []byte("\n\n")) {
			if len(f) > 0 {
				frames = append(frames, f)
			}
		}
	}
	return frames
}

func parseFrames(t *testing.T, pieces [][]byte) []frame {
	t.Helper()
	var frames []frame
	for _, one := range split(pieces) {
		f, err := parseFrame(one)
		require.NoError(t, err)
		frames = append(frames, f)
	}
	return frames
}

// readAll reads what is there for a subscription.
func readAll(t *testing.T, h *live.Hub, s *live.Subscription) ([]frame, error) {
	t.Helper()
	var frames []frame
	for {
		raw, err := s.Next(t.Context(), time.Nanosecond, nil, 1<<20)
		frames = append(frames, parseFrames(t, raw)...)
		if err != nil && (!errors.Is(err, live.ErrIdle) || s.Cursor() == h.Cursor()) {
			return frames, err
		}
	}
}

// readUntil reads on until there are n frames.
func readUntil(t *testing.T, s *live.Subscription, n int) []frame {
	t.Helper()
	var frames []frame
	for len(frames) < n {
		raw, err := s.Next(t.Context(), time.Minute, nil, 1<<20)
		frames = append(frames, parseFrames(t, raw)...)
		if errors.Is(err, live.ErrEnded) {
			return frames
		}
		require.NoError(t, err)
	}
	return frames
}

// shown is the JSON text of a request as it stands.
func shown(h *live.Hub, id string) ([]byte, error) {
	snapshot, err := h.Request(context.Background(), id, "")
	if err != nil {
		return nil, err
	}
	defer snapshot.Release()
	return snapshot.JSON, nil
}

// listed is the JSON text of a list.
func listed(h *live.Hub, q *live.Query) ([]byte, error) {
	snapshot, err := h.List(context.Background(), q)
	if err != nil {
		return nil, err
	}
	defer snapshot.Release()
	return snapshot.JSON, nil
}

func names(frames []frame) []string {
	var all []string
	for _, f := range frames {
		all = append(all, f.name)
	}
	return all
}
