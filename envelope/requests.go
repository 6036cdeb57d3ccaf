package envelope

import (
	"slices"
	"strconv"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// nameRequests finds out for each record by which name, if any, it tells which
// LLM request it belongs to: a response id, for records that name no span and
// for those of vendors that log several requests under one span. What was sent
// often does not know the response yet: it belongs to the one that names it,
// else to the next request that follows; several such are retries of one.
func (a *assembly) nameRequests() {
	records, d := a.part.Records, &a.deal
	d.names = slices.Grow(d.names[:0], len(records))[:len(records)]
	clear(d.names)
	// answered are the responses by the ids of what they answer.
	var answered map[string]string
	unnamed := false
	for i := range records {
		r := &records[i]
		attrs := r.Log.Attributes()
		role := semconv.RequestRoleOf(r.Name, attrs)
		if !r.Log.SpanID().IsEmpty() && (role == semconv.RequestNone || !semconv.TellsRequestApart(r.Name)) {
			continue
		}
		d.names[i] = semconv.EventResponseID(r.Name, attrs)
		switch {
		case d.names[i] == "":
			unnamed = unnamed || role != semconv.RequestNone
		case role == semconv.RequestOutcome:
			if id := semconv.RequestBodyID(r.Name, attrs); id != "" {
				if answered == nil {
					answered = make(map[string]string)
				}
				answered[id] = d.names[i]
			}
		}
	}
	if unnamed {
		a.nameSent(answered)
	}
	a.firstResponse = ""
	for i := range records {
		if d.names[i] != "" && records[i].Log.SpanID().IsEmpty() && opensCall(&records[i]) {
			a.firstResponse = d.names[i]
			break
		}
	}
}

// nameSent names what was sent and, after it, the outcomes without an id.
func (a *assembly) nameSent(answered map[string]string) {
	records, d := a.part.Records, &a.deal
	seen := make(map[string]struct{})
	sent := d.sent[:0]
	// told is the name of the request that the last records told of, if that
	// had no id.
	told := ""
	settle := func(name string) {
		for _, i := range sent {
			d.names[i] = name
		}
		sent = sent[:0]
	}
	for i := range records {
		r := &records[i]
		if !r.Log.SpanID().IsEmpty() && !semconv.TellsRequestApart(r.Name) {
			continue
		}
		attrs := r.Log.Attributes()
		role := semconv.RequestRoleOf(r.Name, attrs)
		if role == semconv.RequestNone {
			continue
		}
		if role == semconv.RequestSent && d.names[i] == "" {
			d.names[i] = answered[semconv.RequestBodyID(r.Name, attrs)]
		}
		name := d.names[i]
		switch {
		case name != "":
			told = ""
			if _, again := seen[name]; !again {
				seen[name] = struct{}{}
				settle(name)
			}
		case role == semconv.RequestSent:
			sent = append(sent, int32(i))
		case len(sent) > 0 || role == semconv.RequestUsage:
			told = unanswered(r.Seq)
			d.names[i] = told
			settle(told)
		default:
			d.names[i] = told
		}
	}
	if len(sent) > 0 {
		settle(unanswered(records[sent[0]].Seq))
	}
	d.sent = sent
}

// unanswered names a request of which no id is known.
func unanswered(seq uint64) string { return "\x00" + strconv.FormatUint(seq, 10) }

// replaceInputs takes from each call what was sent before, in an earlier try:
// each time it is the whole history.
func (a *assembly) replaceInputs() {
	records, d := a.part.Records, &a.deal
	var last map[int32]int
	for i := range records {
		owner, attrs := d.owners[i], records[i].Log.Attributes()
		if owner < 0 || semconv.RequestRoleOf(records[i].Name, attrs) != semconv.RequestSent {
			continue
		}
		if _, ok := semconv.RequestBody(attrs); !ok {
			continue
		}
		if before, ok := last[owner]; !ok {
			if last == nil {
				last = make(map[int32]int)
			}
		} else if a.sentAgain(&records[before], &records[i]) {
			d.owners[before] = -1
			d.sizes[owner]--
		}
		last[owner] = i
	}
}

// sentAgain says that what two records of a call tell to be sent are tries of
// one request: it is the same, or they are under the span of the request, or ids
// tell which response each has. Others may be of requests side by side.
func (a *assembly) sentAgain(before, after *event.Record) bool {
	was, is := before.Log.Attributes(), after.Log.Attributes()
	first, _ := semconv.RequestBody(was)
	second, _ := semconv.RequestBody(is)
	if first.Equal(second) {
		return true
	}
	if !a.options.Events {
		return false // nothing else has what the call does not show
	}
	if !semconv.TellsRequestApart(before.Name) && !before.Log.SpanID().IsEmpty() && before.Log.SpanID() == after.Log.SpanID() {
		return true
	}
	return semconv.RequestBodyID(before.Name, was) != "" && semconv.RequestBodyID(after.Name, is) != ""
}
