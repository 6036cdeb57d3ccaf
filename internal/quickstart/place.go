package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// place is a file beside the followed one that says how far it was shown. A run
// that was killed leaves what it did not show to the next one.
type place struct{ path string }

func placeOf(f *follower) place {
	return place{filepath.Join(filepath.Dir(f.path), ".shown")}
}

// resume puts the follower where the last run was. Without a last run it stays
// where it is.
func (p place) resume(f *follower) error {
	text, err := os.ReadFile(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || at < 0 || f.file == nil {
		return nil //nolint:nilerr // a place that means nothing is none
	}
	if at > f.read {
		at = 0 // the file was begun anew
	}
	f.read, err = f.file.Seek(at, io.SeekStart)
	return err
}

// keep notes that all that was read is shown.
func (p place) keep(f *follower) error {
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(p.path, []byte(strconv.FormatInt(f.read, 10)+"\n"), 0o600)
}
