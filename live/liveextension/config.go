package liveextension

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/confmap"

	"github.com/genaibuffer/genaibufferprocessor/config"
)

// Values of the key content.
const (
	// ContentShow shows message content.
	ContentShow = "show"
	// ContentHide replaces message content by its size.
	ContentHide = "hide"
)

// Config is the configuration of the extension. NewDefaultConfig has defaults.
type Config struct {
	// Server is the HTTP server, as everywhere in the collector; keepalive
	// and write_timeout are the extension's own keys.
	Server confighttp.ServerConfig `mapstructure:"-"`
	Own    `mapstructure:",squash"`
}

// Own are the extension's own keys.
type Own struct {
	Ring                 Ring          `mapstructure:"ring"`
	Retention            time.Duration `mapstructure:"retention"`
	RetainedBytes        config.Size   `mapstructure:"retained_bytes"`
	MaxRequests          int           `mapstructure:"max_requests"`
	Content              string        `mapstructure:"content"`
	AllowUnauthenticated bool          `mapstructure:"allow_unauthenticated"`
	MaxSubscribers       int           `mapstructure:"max_subscribers"`
	Keepalive            time.Duration `mapstructure:"keepalive"`
	WriteTimeout         time.Duration `mapstructure:"write_timeout"`
	Coalesce             time.Duration `mapstructure:"coalesce"`
	MaxConnectionAge     time.Duration `mapstructure:"max_connection_age"`
	TraceURL             string        `mapstructure:"trace_url"`
	Viewer               bool          `mapstructure:"viewer"`
}

// Ring bounds what late readers can replay.
type Ring struct {
	Events int         `mapstructure:"events"`
	Bytes  config.Size `mapstructure:"bytes"`
}

// DefaultEndpoint is loopback only: prompts are secrets.
const DefaultEndpoint = "localhost:4321"

// NewDefaultConfig is the configuration without any key.
func NewDefaultConfig() *Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = DefaultEndpoint
	server.WriteTimeout = 0 // streams have a deadline per write
	server.ReadHeaderTimeout = 10 * time.Second
	return &Config{
		Server: server,
		Own: Own{
			Ring:           Ring{Events: 65536, Bytes: 64 << 20},
			Retention:      15 * time.Minute,
			RetainedBytes:  256 << 20,
			MaxRequests:    10_000,
			Content:        ContentShow,
			MaxSubscribers: 10_000,
			Keepalive:      15 * time.Second,
			WriteTimeout:   10 * time.Second,
			Coalesce:       time.Millisecond,
			Viewer:         true,
		},
	}
}

// ownKeys are the keys of Own.
var ownKeys = []string{
	"ring", "retention", "retained_bytes", "max_requests", "content", "allow_unauthenticated", "max_subscribers",
	"keepalive", "write_timeout", "coalesce", "max_connection_age", "trace_url", "viewer",
}

// Unmarshal implements confmap.Unmarshaler: the extension's own keys go before
// those of the HTTP server that have the same name.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	own, server := map[string]any{}, conf.ToStringMap()
	for _, key := range ownKeys {
		if value, has := server[key]; has {
			own[key] = value
			delete(server, key)
		}
	}
	if err := confmap.NewFromStringMap(own).Unmarshal(&c.Own); err != nil {
		return err
	}
	rest := confmap.NewFromStringMap(server)
	// Its own Unmarshal lets unknown keys pass, for others to look at.
	strict := serverKeys(c.Server)
	if err := rest.Unmarshal(&strict); err != nil {
		return err
	}
	return c.Server.Unmarshal(rest)
}

// serverKeys has the keys of the HTTP server and no Unmarshal of its own.
type serverKeys confighttp.ServerConfig

// Validate says what is wrong: the key, its value, and what is allowed.
func (c *Config) Validate() error {
	var errs []error
	positive := func(key string, value, least int64) {
		if value < least {
			errs = append(errs, fmt.Errorf("%s: %d is too small, the least is %d", key, value, least))
		}
	}
	duration := func(key string, value, least time.Duration) {
		if value < least {
			errs = append(errs, fmt.Errorf("%s: %s is too short, the least is %s", key, value, least))
		}
	}
	positive("ring::events", int64(c.Ring.Events), 1)
	positive("ring::bytes", int64(c.Ring.Bytes), 1<<10)
	positive("retained_bytes", int64(c.RetainedBytes), 1<<10)
	positive("max_requests", int64(c.MaxRequests), 1)
	positive("max_subscribers", int64(c.MaxSubscribers), 1)
	duration("retention", c.Retention, 0)
	duration("keepalive", c.Keepalive, time.Second)
	duration("write_timeout", c.WriteTimeout, 10*time.Millisecond)
	duration("coalesce", c.Coalesce, 0)
	duration("max_connection_age", c.MaxConnectionAge, 0)
	const longestCoalesce = time.Second
	if c.Coalesce > longestCoalesce {
		errs = append(errs, fmt.Errorf("coalesce: %s is too long, the most is %s", c.Coalesce, longestCoalesce))
	}
	if c.Content != ContentShow && c.Content != ContentHide {
		errs = append(errs, fmt.Errorf("content: %q is neither %q nor %q", c.Content, ContentShow, ContentHide))
	}
	if c.TraceURL != "" && !strings.HasPrefix(c.TraceURL, "https://") && !strings.HasPrefix(c.TraceURL, "http://") {
		errs = append(errs, fmt.Errorf("trace_url: %q begins with neither http:// nor https://", c.TraceURL))
	}
	return errors.Join(append(errs, c.validateAccess())...)
}

func (c *Config) validateAccess() error {
	if c.Server.NetAddr.Transport == confignet.TransportTypeUnix {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Server.NetAddr.Endpoint)
	if err != nil {
		return fmt.Errorf("endpoint: %q is no host:port, such as %s", c.Server.NetAddr.Endpoint, DefaultEndpoint)
	}
	if isLoopback(host) || c.mayServeTheWorld() {
		return nil
	}
	return c.errOpenToTheWorld()
}

func (c *Config) mayServeTheWorld() bool { return c.Server.Auth.HasValue() || c.AllowUnauthenticated }

func (c *Config) errOpenToTheWorld() error {
	return fmt.Errorf("endpoint: %q can be reached from other machines and would show all prompts to anyone: "+
		"configure auth, listen on localhost, or write allow_unauthenticated: true", c.Server.NetAddr.Endpoint)
}

// isLoopback says whether a host name or address is this machine's own.
func isLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	host, _, _ = strings.Cut(host, "%")
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
