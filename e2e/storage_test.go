package e2e

import "fmt"

// withStorage gives the buffer of processorForm a journal in a directory;
// options are further keys of file_storage.
func withStorage(directory, options string) string {
	return fmt.Sprintf(`
extensions:
  file_storage:
    directory: %s
    create_directory: true
%s
processors:
  gen_ai_buffer:
    storage: file_storage
service:
  extensions: [health_check, pprof, file_storage]
`, directory, indent(options, 4))
}

// shutdownFlush ends a life in which nothing may stay open.
const shutdownFlush = "processors: {gen_ai_buffer: {shutdown: flush}}"

// damagedLog is written when the journal has something that cannot be read.
const damagedLog = "The journal is damaged"
