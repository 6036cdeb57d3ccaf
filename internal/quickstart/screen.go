package main

import (
	"fmt"
	"io"
	"os"
)

// screen writes for a person: in colour on a terminal, plain in a pipe.
type screen struct {
	w        io.Writer
	colour   bool
	failed   error
	onFailed func()
}

// newScreen calls onFailed once when writing fails for the first time.
func newScreen(w io.Writer, onFailed func()) *screen {
	s := &screen{w: w, onFailed: onFailed}
	if f, ok := w.(*os.File); ok && os.Getenv("NO_COLOR") == "" {
		info, err := f.Stat()
		s.colour = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

func (s *screen) print(text string) {
	if s.failed != nil {
		return
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		s.failed = err
		s.onFailed()
	}
}

// fact writes one line of the introduction.
func (s *screen) fact(name, format string, a ...any) {
	s.print(s.dim(fmt.Sprintf("%-10s", name)) + " " + fmt.Sprintf(format, a...) + "\n")
}

// err is why writing failed. A reader that went away is no failure.
func (s *screen) err() error {
	if s.failed != nil && !isBrokenPipe(s.failed) {
		return fmt.Errorf("writing: %w", s.failed)
	}
	return nil
}

func (s *screen) bold(text string) string { return s.paint("1", text) }
func (s *screen) dim(text string) string  { return s.paint("2", text) }
func (s *screen) red(text string) string  { return s.paint("31", text) }
func (s *screen) cyan(text string) string { return s.paint("36", text) }

func (s *screen) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
