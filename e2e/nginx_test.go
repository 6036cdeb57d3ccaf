package e2e

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startNginx runs nginx with the configuration in examples/, between a place of
// its own, which it answers, and the live extension's.
func startNginx(t *testing.T, live string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/nginx") // where Debian has it
	}
	require.NoError(t, err, "nginx is needed; `make test` installs it")
	config, err := os.ReadFile(filepath.Join(repository(t), "examples", "nginx.conf"))
	require.NoError(t, err)
	outside, dir := freeAddress(t), t.TempDir()
	moved := string(config)
	for _, place := range []struct{ from, to string }{
		{"listen 127.0.0.1:8080;", "listen " + outside + ";"},
		{"http://127.0.0.1:4321", "http://" + live},
		{"http {", "http {\n  access_log off;\n  client_body_temp_path " + dir + ";\n  proxy_temp_path " + dir +
			";\n  fastcgi_temp_path " + dir + ";\n  uwsgi_temp_path " + dir + ";\n  scgi_temp_path " + dir + ";"},
	} {
		require.Equal(t, 1, strings.Count(moved, place.from), "%q in nginx.conf", place.from)
		moved = strings.Replace(moved, place.from, place.to, 1)
	}
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, []byte(moved), 0o600))
	cmd := exec.Command(program, "-p", dir, "-c", file, "-e", "stderr", "-g", "daemon off; master_process off; pid "+dir+"/pid;")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("nginx: %v\n%s", err, output.String())
		}
	})
	require.Eventually(t, func() bool {
		connection, err := net.Dial("tcp", outside)
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	}, patience, 5*time.Millisecond, "nginx does not listen")
	return outside
}
