package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// follower reads the lines that are appended to a file after it was made, also
// when the file is renamed away by rotation and begun anew.
type follower struct {
	path string
	file *os.File
	rest []byte // of a line whose end is not written yet
	read int64  // bytes of the file that are behind it, in whole lines
}

// followFile begins at the end of what the file holds; it need not exist.
func followFile(path string) (*follower, error) {
	f := &follower{path: path}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	if f.read, err = file.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.file = file
	return f, nil
}

func (f *follower) close() {
	if f.file != nil {
		_ = f.file.Close() // it was only read
	}
}

// lines calls do with each complete line that is new. The line is do's only
// until it returns.
func (f *follower) lines(do func([]byte) error) error {
	for {
		if err := f.drain(do); err != nil {
			return err
		}
		next, err := f.successor()
		if err != nil || next == nil {
			return err
		}
		// Between the last read and now the old file may have grown.
		if err := f.drain(do); err != nil {
			return errors.Join(err, next.Close())
		}
		f.close()
		f.file, f.rest, f.read = next, nil, 0
	}
}

func (f *follower) drain(do func([]byte) error) error {
	if f.file == nil {
		return nil
	}
	fresh, err := io.ReadAll(f.file)
	if err != nil {
		return err
	}
	f.rest = append(f.rest, fresh...)
	for {
		line, rest, found := bytes.Cut(f.rest, []byte("\n"))
		if !found {
			return nil
		}
		f.rest = rest
		f.read += int64(len(line)) + 1
		if len(line) == 0 {
			continue
		}
		if err := do(line); err != nil {
			return err
		}
	}
}

// successor is the file that took the place of the one being read, if any.
func (f *follower) successor() (*os.File, error) {
	there, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if f.file == nil {
		return there, nil
	}
	now, err := there.Stat()
	if err != nil {
		return nil, errors.Join(err, there.Close())
	}
	reading, err := f.file.Stat()
	if err != nil {
		return nil, errors.Join(err, there.Close())
	}
	if os.SameFile(now, reading) {
		return nil, there.Close()
	}
	return there, nil
}
