package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// quiet is how long no envelope has to come for the sample to be through.
	quiet = 1500 * time.Millisecond
	// patience is how long the first envelope of the sample may take.
	patience = 30 * time.Second
	// glance is how often the file is looked at.
	glance = 100 * time.Millisecond
)

// shown is what came out so far, and shows it.
type shown struct {
	out    *screen
	file   *follower
	table  *table
	headed bool // the table's header stands above what is written next
	played time.Time

	envelopes []envelope
	others    int
}

// read returns the envelopes that are new in the file.
func (s *shown) read() ([]envelope, error) {
	first := len(s.envelopes)
	err := s.file.lines(func(line []byte) error {
		found, others, err := readEnvelopes(line)
		s.envelopes = append(s.envelopes, found...)
		s.others += others
		return err
	})
	return s.envelopes[first:], err
}

// sample waits for the envelopes of what was played and shows them: a table,
// and the one that is best to read as a conversation.
func (s *shown) sample(ctx context.Context, c *collector) error {
	s.out.fact("waiting", "for requests to end, and for their late logs")
	last := s.played
	err := s.watch(ctx, c, func(fresh []envelope) error {
		now := time.Now()
		if len(fresh) > 0 {
			last = now
		}
		switch {
		case len(s.envelopes) > 0 && now.Sub(last) > quiet:
			return errThrough
		case len(s.envelopes) == 0 && now.Sub(s.played) > patience:
			return fmt.Errorf("no envelope came within %s; the collector says:\n%s", patience, c.lastWords())
		}
		return nil
	})
	if !errors.Is(err, errThrough) {
		return err
	}
	all := slices.Clone(s.envelopes)
	slices.SortStableFunc(all, func(a, b envelope) int { return a.StartedAt.Compare(b.StartedAt) })
	if err := s.rows(all); err != nil {
		return err
	}
	if best := mostTelling(all); best != nil {
		s.out.print("\n" + transcript(s.out, best))
		s.headed = false
	}
	return nil
}

var errThrough = errors.New("the sample is through")

// follow shows every further envelope until ctx is done.
func (s *shown) follow(ctx context.Context, c *collector) error {
	return s.watch(ctx, c, func(fresh []envelope) error {
		return s.rows(fresh)
	})
}

// watch calls do with what is new, again and again, until it returns an error.
func (s *shown) watch(ctx context.Context, c *collector, do func([]envelope) error) error {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		fresh, err := s.read()
		if err == nil {
			err = do(fresh)
		}
		if err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-c.exited:
			return c.died()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rest shows what came while the collector stopped.
func (s *shown) rest() error {
	fresh, err := s.read()
	return errors.Join(err, s.rows(fresh))
}

// rows shows envelopes, the last ones that were read.
func (s *shown) rows(envelopes []envelope) error {
	if len(envelopes) == 0 {
		return nil
	}
	if s.table == nil {
		s.table = newTable(envelopes)
	}
	if !s.headed {
		s.out.print("\n" + s.table.header(s.out))
		s.headed = true
	}
	for i := range envelopes {
		s.out.print(s.table.row(s.out, &envelopes[i]))
	}
	return placeOf(s.file).keep(s.file)
}

// summary says what the collector did.
func (s *shown) summary(took time.Duration, in taken, path string) {
	requests := map[string]struct{}{}
	reasons := map[string]int{}
	for i := range s.envelopes {
		requests[s.envelopes[i].RequestID] = struct{}{}
		reasons[s.envelopes[i].FlushReason]++
	}
	why := make([]string, 0, len(reasons))
	for reason, n := range reasons {
		why = append(why, fmt.Sprintf("%d %s", n, reason))
	}
	slices.Sort(why)
	text := fmt.Sprintf("\nStopped after %s. Taken in: %d spans, %d log records. Written: %d envelopes of %d requests",
		took.Round(time.Second), in.spans, in.logs, len(s.envelopes), len(requests))
	if len(why) > 0 {
		text += " (" + strings.Join(why, ", ") + ")"
	}
	if s.others > 0 {
		text += fmt.Sprintf(", %d other log records", s.others)
	}
	s.out.print(text + ".\nThey are in " + path + ", one OTLP-JSON export a line.\n")
}
