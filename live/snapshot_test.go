package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genaibuffer/genaibufferprocessor/event"
	"github.com/genaibuffer/genaibufferprocessor/live"
)

type listPage struct {
	Requests []struct {
		ID string `json:"request_id"`
	} `json:"requests"`
	Cursor string `json:"cursor"`
	Next   string `json:"next_page_token"`
}

func readPage(t *testing.T, raw []byte) listPage {
	t.Helper()
	var p listPage
	require.NoError(t, json.Unmarshal(raw, &p))
	return p
}

// requests publishes requests that have content of some length.
func requests(h *live.Hub, n, length int) []string {
	var ids []string
	for i := range n {
		a := newAsked(uint64(i))
		h.Publisher("p").Publish([]event.Fact{
			a.opened(), a.record("gen_ai.user.message", strings.Repeat("x", length)), a.ended(), a.flushed(event.FlushSpanEnd),
		})
		ids = append([]string{a.ID}, ids...)
	}
	return ids
}

func TestPagesEndWhereTheyTakeTooMuch(t *testing.T) {
	for name, limit := range map[string]struct{ bytes, weight, atMost int }{
		"what is sent":      {3000, 1 << 30, 8},
		"what is looked at": {1 << 30, 50_000, 6},
		"less than one":     {1, 1, 1},
		"none":              {1 << 30, 1 << 30, 100},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t, options())
			want := requests(h, 30, 10_000)
			h.LimitPages(limit.bytes, limit.weight)
			var got []string
			token, pages := "", 0
			for {
				raw, err := listed(h, &live.Query{Limit: 100, PageToken: token})
				require.NoError(t, err)
				p := readPage(t, raw)
				require.NotEmpty(t, p.Requests, "no page is empty")
				require.LessOrEqual(t, len(p.Requests), limit.atMost)
				pages++
				for _, r := range p.Requests {
					got = append(got, r.ID)
				}
				if token = p.Next; token == "" {
					break
				}
			}
			assert.Equal(t, want, got, "all of them, each once")
			if limit.atMost < len(want) {
				assert.GreaterOrEqual(t, pages, len(want)/limit.atMost)
			}
		})
	}
}

// leaving is a context that is done once it was looked at a number of times.
type leaving struct {
	context.Context
	looks, stays int
}

func (c *leaving) Err() error {
	if c.looks++; c.looks > c.stays {
		return context.Canceled
	}
	return nil
}

func TestSnapshotsAreNotMadeForWhoHasLeft(t *testing.T) {
	h := newHub(t, options())
	ids := requests(h, 30, 10)
	for stays := range 10 {
		ctx := &leaving{Context: t.Context(), stays: stays}
		_, err := h.List(ctx, &live.Query{Limit: 100})
		require.ErrorIs(t, err, context.Canceled)
		assert.LessOrEqual(t, ctx.looks, stays+2, "it goes no further")
	}
	_, err := h.List(&leaving{Context: t.Context(), stays: 3}, &live.Query{Limit: 100, Text: "none has this"})
	require.ErrorIs(t, err, context.Canceled, "a search that finds nothing, too")
	_, err = h.Request(&leaving{Context: t.Context(), stays: 1}, ids[0], "")
	require.ErrorIs(t, err, context.Canceled)
	_, all := h.TakeAllRoom()
	assert.True(t, all, "what was taken is given back")
}

func TestSnapshotsWaitForRoom(t *testing.T) {
	h := newHub(t, options())
	ids := requests(h, 2, 10)
	release, all := h.TakeAllRoom()
	require.True(t, all)
	h.WaitForRoom(time.Nanosecond)
	_, err := h.List(t.Context(), &live.Query{Limit: 1})
	require.ErrorIs(t, err, live.ErrBusy)
	_, err = h.Request(t.Context(), ids[0], "")
	require.ErrorIs(t, err, live.ErrBusy)
	_, err = h.Request(t.Context(), "none", "")
	require.ErrorIs(t, err, live.ErrUnknown, "that takes no room")
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err = h.List(gone, &live.Query{Limit: 1})
	require.ErrorIs(t, err, context.Canceled)

	h.WaitForRoom(time.Hour)
	made := make(chan error)
	go func() {
		_, err := shown(h, ids[0])
		made <- err
	}()
	release()
	require.NoError(t, <-made)
	held, err := h.List(t.Context(), &live.Query{Limit: 1})
	require.NoError(t, err)
	_, all = h.TakeAllRoom()
	assert.False(t, all, "what is being sent takes room")
	held.Release()
	_, all = h.TakeAllRoom()
	assert.True(t, all)
}

func TestTextIsFoundHoweverItIsEscaped(t *testing.T) {
	// What is looked for, and how writers of JSON write it.
	for text, forms := range map[string][]string{
		"plain":       {`a plain one`},
		"café":        {`a café`, `"caf\u00e9"`, `"caf\u00E9"`, `{"arguments":"{\"at\":\"caf\\u00e9\"}"}`},
		"that's é":    {`that's é`, `"that's \u00e9"`, `"that's \u00E9"`},
		"日本":          {`日本`, `\u65e5\u672c`, `\u65E5\u672C`},
		"😀":           {`"😀"`, `"\ud83d\ude00"`, `"\uD83D\uDE00"`},
		`say "hi"`:    {`say "hi"`, `"say \"hi\""`, `"say \u0022hi\u0022"`, `"{\"a\":\"say \\\"hi\\\"\"}"`},
		"a\nb":        {"a\nb", `"a\nb"`, `"\"a\\nb\""`},
		`c:\d`:        {`c:\d`, `"c:\\d"`},
		"a/é":         {`a/é`, `"a\/\u00e9"`, `"a\/é"`},
		"<b>é & c":    {`<b>é & c`, `"\u003cb\u003eé \u0026 c"`, `"\u003Cb\u003E\u00E9 \u0026 c"`},
		"it's 1+1=`2": {"it's 1+1=`2", `"it\u0027s 1\u002B1=\u00602"`},
	} {
		for i, form := range forms {
			t.Run(fmt.Sprint(text, i), func(t *testing.T) {
				h := newHub(t, options())
				a, other := newAsked(1), newAsked(2)
				h.Publisher("p").Publish([]event.Fact{a.record("gen_ai.user.message", form), other.record("gen_ai.user.message", "cafe nihon")})
				raw, err := listed(h, &live.Query{Limit: 9, Text: text})
				require.NoError(t, err)
				p := readPage(t, raw)
				require.Len(t, p.Requests, 1, form)
				assert.Equal(t, a.ID, p.Requests[0].ID)
				raw, err = listed(h, &live.Query{Limit: 9, Text: text + "!"})
				require.NoError(t, err)
				assert.Empty(t, readPage(t, raw).Requests)
			})
		}
	}
}

func TestTextIsFoundInAnyCase(t *testing.T) {
	for content, texts := range map[string][]string{
		"The Rain in SPAIN":   {"the rain in spain", "THE RAIN", "Rain in spain", "n i"},
		"Café ÉTÉ":            {"café été", "CAFÉ", "É", "é é"},
		`"Caf\u00e9 \u00C9T"`: {"café ét", "CAFÉ Ét", "É", "é é"},
		`"\"\\u00c9t\""`:      {"ét", "ÉT"},
		"ΣΊΣΥΦΟΣ":             {"σίσυφος", "Σίσυφοσ"},
		"Straße":              {"STRAẞE", "straße"},
		"Привет, МИР":         {"привет, мир", "ПРИВЕТ"},
		"ȺȾ":                  {"ⱥⱦ"}, // longer in lower case
		"aaaaaaab":            {"AAAB"},
		"xABxAb.abx":          {"ab.A"},
	} {
		h := newHub(t, options())
		a := newAsked(1)
		h.Publisher("p").Publish([]event.Fact{a.record("gen_ai.user.message", content)})
		for _, text := range texts {
			raw, err := listed(h, &live.Query{Limit: 9, Text: text})
			require.NoError(t, err)
			assert.Len(t, readPage(t, raw).Requests, 1, "%s in %s", text, content)
			for _, none := range []string{text + "\x01", "\x01" + text, text + text + text} {
				raw, err := listed(h, &live.Query{Limit: 9, Text: none})
				require.NoError(t, err)
				assert.Empty(t, readPage(t, raw).Requests, "%s in %s", none, content)
			}
		}
	}
}
