package main

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// turn is what was recorded of one trace: its log records, one by one, then its
// spans.
type turn struct {
	logs   []export
	traces []export
}

// turns are those of the sample, each recording's in order, the recordings by
// turns.
func (s *sample) turns() []turn {
	lines := make([][]turn, 0, len(s.recordings))
	longest := 0
	for i := range s.recordings {
		lines = append(lines, s.recordings[i].turns())
		longest = max(longest, len(lines[i]))
	}
	var all []turn
	for n := range longest {
		for _, line := range lines {
			if n < len(line) {
				all = append(all, line[n])
			}
		}
	}
	return all
}

func (r *recording) turns() []turn {
	var order []pcommon.TraceID
	of := map[pcommon.TraceID]*turn{}
	at := func(id pcommon.TraceID) *turn {
		if of[id] == nil {
			of[id] = &turn{}
			order = append(order, id)
		}
		return of[id]
	}
	for _, e := range r.exports {
		if e.signal == "logs" {
			for _, rl := range e.logs.ResourceLogs().All() {
				for _, sl := range rl.ScopeLogs().All() {
					for _, record := range sl.LogRecords().All() {
						t := at(record.TraceID())
						t.logs = append(t.logs, export{signal: "logs", logs: logsWith(rl, sl, record)})
					}
				}
			}
			continue
		}
		for _, rs := range e.traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					t := at(span.TraceID())
					t.traces = append(t.traces, export{signal: "traces", traces: tracesWith(rs, ss, span)})
				}
			}
		}
	}
	turns := make([]turn, 0, len(order))
	for _, id := range order {
		turns = append(turns, *of[id])
	}
	return turns
}

func logsWith(rl plog.ResourceLogs, sl plog.ScopeLogs, record plog.LogRecord) plog.Logs {
	one := plog.NewLogs()
	to := one.ResourceLogs().AppendEmpty()
	rl.Resource().CopyTo(to.Resource())
	scope := to.ScopeLogs().AppendEmpty()
	sl.Scope().CopyTo(scope.Scope())
	record.CopyTo(scope.LogRecords().AppendEmpty())
	return one
}

func tracesWith(rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) ptrace.Traces {
	one := ptrace.NewTraces()
	to := one.ResourceSpans().AppendEmpty()
	rs.Resource().CopyTo(to.Resource())
	scope := to.ScopeSpans().AppendEmpty()
	ss.Scope().CopyTo(scope.Scope())
	span.CopyTo(scope.Spans().AppendEmpty())
	return one
}

// encore plays the sample again and again, slowly, each time as other requests,
// until ctx is done.
func encore(ctx context.Context, o options) error {
	for {
		s, err := readSample(o.sample)
		if err != nil {
			return err
		}
		s.renew()
		turns := s.turns()
		if len(turns) == 0 {
			return fmt.Errorf("%s: no span and no log record to play", o.sample)
		}
		for _, t := range turns {
			if err := t.play(ctx, o.http, o.pace); err != nil {
				return err
			}
		}
	}
}

// play sends a turn as it would have happened: a log record at a time, then the
// spans, which took as long as that.
func (t *turn) play(ctx context.Context, address string, pace time.Duration) error {
	began := time.Now()
	for _, e := range t.logs {
		now := pcommon.NewTimestampFromTime(time.Now())
		eachLogTime(e.logs, func(pcommon.Timestamp) pcommon.Timestamp { return now })
		if err := e.send(ctx, address); err != nil {
			return err
		}
		if err := pause(ctx, pace); err != nil {
			return err
		}
	}
	if err := pause(ctx, pace); err != nil {
		return err
	}
	stretch(t.traces, began, time.Now())
	for _, e := range t.traces {
		if err := e.send(ctx, address); err != nil {
			return err
		}
	}
	return pause(ctx, 2*pace)
}

// stretch moves the times of spans so that together they last from one time to
// another.
func stretch(spans []export, from, to time.Time) {
	first, last := pcommon.Timestamp(0), pcommon.Timestamp(0)
	each := func(replace func(pcommon.Timestamp) pcommon.Timestamp) {
		for _, e := range spans {
			eachSpanTime(e.traces, replace)
		}
	}
	each(func(t pcommon.Timestamp) pcommon.Timestamp {
		if t != 0 && (first == 0 || t < first) {
			first = t
		}
		last = max(last, t)
		return t
	})
	scale := 0.0
	if last > first {
		scale = float64(to.Sub(from)) / float64(last-first)
	}
	each(func(t pcommon.Timestamp) pcommon.Timestamp {
		if t == 0 {
			return 0 // unknown stays unknown
		}
		return pcommon.NewTimestampFromTime(from.Add(time.Duration(float64(t-first) * scale)))
	})
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
