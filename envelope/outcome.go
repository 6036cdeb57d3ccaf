package envelope

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/genaibuffer/genaibufferprocessor/envelope/messages"
	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// readExceptions finds the calls that failed though their status does not say
// so. An exception by itself may have been handled; one in a call that has
// nothing to show for itself was not, unless the application says that all is
// well.
func (a *assembly) readExceptions() {
	// The answer may be in an earlier part.
	if a.part.Number > 1 {
		return
	}
	for i := range a.calls {
		c := &a.calls[i]
		if c.span == nil || c.status != statusOK || c.span.Data.Status().Code() == ptrace.StatusCodeOk || c.kind != semconv.KindInference || !c.hasException() || a.hasOutput(c) {
			continue
		}
		c.status = statusError
		c.explain()
	}
}

func (c *call) hasException() bool {
	for _, r := range c.records {
		if isException(r.Name) {
			return true
		}
	}
	for _, ev := range c.span.Data.Events().All() {
		if isException(ev.Name()) {
			return true
		}
	}
	return false
}

// hasOutput says that the model answered: there are tokens or messages of its
// output, or a reason why that ended.
func (a *assembly) hasOutput(c *call) bool {
	f := &c.facts
	if f.Usage.OutputTokens.N > 0 || slices.ContainsFunc(f.FinishReasons, isNoFailure) {
		return true
	}
	content := c.content
	if !a.options.Messages {
		content = pcommon.NewMap()
		messages.Assemble(c.span, c.records, content)
	}
	_, ok := content.Get(messages.KeyOutputMessages)
	return ok
}

func isNoFailure(reason string) bool { return reason != semconv.FinishError }
