package load

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// messageLog is the i-th event of a request as a per-message log of
// conventions v1.36, the shape that most instrumentations send by default.
func messageLog(lr plog.LogRecord, request, i int, t turn, content string) {
	logContext(lr, request, i)
	lr.SetEventName(t.name)
	lr.Attributes().PutStr("gen_ai.system", "openai")
	body := lr.Body().SetEmptyMap()
	if t.name != "gen_ai.choice" {
		body.PutStr("role", t.role)
		body.PutStr("content", content)
		return
	}
	body.PutInt("index", 0)
	body.PutStr("finish_reason", "stop")
	message := body.PutEmptyMap("message")
	message.PutStr("role", t.role)
	message.PutStr("content", content)
}

// webLog is a log record of a web service.
func webLog(lr plog.LogRecord, request, i int, content string) {
	logContext(lr, request, i)
	lr.Body().SetStr(content)
	attributes := lr.Attributes()
	attributes.PutStr("logger.name", "app.orders.handler")
	attributes.PutStr("thread.name", "worker-7")
	attributes.PutStr("code.function.name", "app.orders.handler.place")
	attributes.PutStr("code.file.path", "app/orders/handler.py")
	attributes.PutInt("code.line.number", 217)
}

func logContext(lr plog.LogRecord, request, i int) {
	lr.SetTimestamp(at(i))
	lr.SetObservedTimestamp(at(i))
	lr.SetSeverityNumber(plog.SeverityNumberInfo)
	lr.SetSeverityText("INFO")
	lr.SetTraceID(markTrace(request))
	lr.SetSpanID(markSpan(request))
	lr.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
}

// inferenceSpan is the span that owns a request.
func inferenceSpan(span ptrace.Span, request int) {
	spanContext(span, request)
	span.SetName("chat gpt-4o-mini")
	attributes := span.Attributes()
	attributes.PutStr("gen_ai.operation.name", "chat")
	attributes.PutStr("gen_ai.provider.name", "openai")
	attributes.PutStr("gen_ai.request.model", "gpt-4o-mini")
	attributes.PutDouble("gen_ai.request.temperature", 0.2)
	attributes.PutInt("gen_ai.request.max_tokens", 1024)
	attributes.PutStr("gen_ai.response.model", "gpt-4o-mini-2024-07-18")
	attributes.PutStr("gen_ai.response.id", markResponse(request))
	attributes.PutEmptySlice("gen_ai.response.finish_reasons").AppendEmpty().SetStr("stop")
	attributes.PutInt("gen_ai.usage.input_tokens", 812)
	attributes.PutInt("gen_ai.usage.output_tokens", 201)
	attributes.PutStr("server.address", "api.openai.com")
	attributes.PutInt("server.port", 443)
}

// webSpan is the client span of a web service; every fifth is the entry span
// of its trace.
func webSpan(span ptrace.Span, request int) {
	spanContext(span, request)
	span.SetName("GET")
	if request%5 == 0 {
		span.SetKind(ptrace.SpanKindServer)
		span.SetParentSpanID(pcommon.SpanID{})
	}
	attributes := span.Attributes()
	attributes.PutStr("http.request.method", "GET")
	attributes.PutInt("http.response.status_code", 200)
	attributes.PutStr("url.full", "https://api.example.com/v1/orders/20261101-7731?expand=lines")
	attributes.PutStr("url.scheme", "https")
	attributes.PutStr("server.address", "api.example.com")
	attributes.PutInt("server.port", 443)
	attributes.PutStr("network.protocol.version", "1.1")
	attributes.PutStr("network.peer.address", "10.3.7.21")
	attributes.PutInt("network.peer.port", 443)
	attributes.PutStr("user_agent.original", "python-httpx/0.28.1")
}

func spanContext(span ptrace.Span, request int) {
	span.SetTraceID(markTrace(request))
	span.SetSpanID(markSpan(request))
	span.SetParentSpanID(pcommon.SpanID{0xba, 0xd0, 0xca, 0xfe, 1, 2, 3, 4})
	span.SetKind(ptrace.SpanKindClient)
	span.SetStartTimestamp(at(0))
	span.SetEndTimestamp(at(EventsPerRequest))
	span.Status().SetCode(ptrace.StatusCodeUnset)
}
