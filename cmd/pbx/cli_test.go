package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tandem-switch/tandem/internal/cli"
)

func TestUsage(t *testing.T) {
	tests := []struct {
		args string
		code int
		word string // in the output or the error
	}{
		{"", exitOK, "serve"},
		{"--help", exitOK, "serve"},
		{"user add --help", exitOK, "--password-stdin"},
		{"version", exitOK, "pbx " + version},
		{"version --json", exitOK, `"version": "` + version + `"`},
		{"dance", exitUsage, "dance"},
		{"user", exitUsage, "pbx user --help"},
		{"user add", exitUsage, "pbx user add --help"},
		{"user add alice --colour red", exitUsage, "--colour"},
		{"serve --listen ftp://127.0.0.1 --data {}", exitFailed, "scheme must be http"},
		{"serve --listen http://0.0.0.0:0 --data {}", exitFailed, "loopback"},
		{"serve --messages nobody --data {}", exitUsage, "embedded, external or off"},
		{"serve --trace PBX,Nonsense --data {}", exitUsage, "Nonsense"},
		{"serve --trusted-proxy 10.0.0.0/33 --data {}", exitUsage, "neither an address, like 127.0.0.1, nor a network"},
		{"serve --trusted-proxy proxy.example.com --data {}", exitUsage, "trusted-proxy"},
		{"serve --trusted-proxy 127.0.0.1 --trusted-proxy ::1,10.0.0.0/8 --messages x --data {}", exitUsage, "--messages x"},
		{"serve --public-url pbx.example.com --data {}", exitUsage, "https://pbx.example.com"},
		{"serve --pprof 0.0.0.0:6060 --data {}", exitUsage, "loopback"},
		{"serve --demo --listen http+insecure://0.0.0.0:0 --data {}", exitUsage, "--demo listens on loopback only"},
		{"serve --demo --listen http://127.0.0.1:0 --listen https://pbx.example.com --data {}", exitUsage, "pbx.example.com"},
		{"serve --tls-cert {}/none --listen https://127.0.0.1:0 --data {}", exitFailed, "certificate"},
		{"serve --postgres postgres://%zz --data {}", exitFailed, "postgres"},
		{"serve --config {}/none.yaml --data {}", exitUsage, "none.yaml"},
		{"phone --user alice", exitUsage, "--password-file FILE"},
		{"phone --user alice --password-stdin", exitUsage, "--password-file FILE"},
		{"phone --password-file x", exitUsage, "--user"},
		{"phone --user alice --password-file {}/none", exitFailed, "none"},
		{"phone --user alice --password-file {}/pw --server ftp://x", exitUsage, "ws://HOST:PORT"},
		{"phone --user alice --password-file {}/pw --server ws://127.0.0.1:1", exitFailed, "cannot reach the switch"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "pw"), []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
			got := pbx(t, "", strings.Fields(strings.ReplaceAll(tt.args, "{}", dir))...)
			if got.code != tt.code || !strings.Contains(got.out+got.err, tt.word) {
				t.Errorf("exit code %d, want %d with %q\n%s%s", got.code, tt.code, tt.word, got.out, got.err)
			}
		})
	}
}

func TestEnvironmentAndFile(t *testing.T) {
	data, other, third := t.TempDir(), t.TempDir(), t.TempDir()
	play(t, data, []step{{args: "domain add example.com"}})
	play(t, third, []step{{args: "domain add third.example"}})
	t.Setenv("PBX_DATA", data)
	if got := pbx(t, "", "domain", "list"); !strings.Contains(got.out, "example.com") {
		t.Errorf("the environment does not count: %+v", got)
	}
	file := filepath.Join(other, "pbx.yaml")
	if err := os.WriteFile(file, []byte("data: "+other+"\nmessages: nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := pbx(t, "", "domain", "list", "--config", file); !strings.Contains(got.out, "example.com") {
		t.Errorf("the environment does not come before the file: %+v", got)
	}
	if got := pbx(t, "", "domain", "list", "--config", file, "--data", third); !strings.Contains(got.out, "third.example") || strings.Contains(got.out, "example.com") {
		t.Errorf("the flag does not come before the environment: %+v", got)
	}
	if got := pbx(t, "", "serve", "--config", file); got.code != exitUsage || !strings.Contains(got.err, "--messages nobody") {
		t.Errorf("the file does not count: %+v", got)
	}
}

// Commands of one kind take the same flags, and every command is documented.
func TestModel(t *testing.T) {
	var c commands
	left := false
	parser, err := newParser(&c, cli.Console{Out: new(bytes.Buffer), Err: new(bytes.Buffer)}, &left)
	if err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Leaves(true) {
		if !bytes.Contains(manual, []byte("\npbx "+command.Path())) {
			t.Errorf("docs/cli.md has no example of %s", command.Path())
		}
		if command.Help == "" {
			t.Errorf("%s has no help", command.Path())
		}
		for _, flag := range flagsOf(command) {
			if !flag.Hidden && !bytes.Contains(manual, []byte("--"+flag.Name)) {
				t.Errorf("docs/cli.md does not mention --%s of %s", flag.Name, command.Path())
			}
			if flag.Help == "" {
				t.Errorf("--%s of %s has no help", flag.Name, command.Path())
			}
		}
		if isAdministrative(command) {
			for _, name := range []string{"data", "json", "postgres", "master-key"} {
				if !hasFlag(command, name) {
					t.Errorf("%s has no --%s", command.Path(), name)
				}
			}
		}
	}
}

func isAdministrative(command *kong.Node) bool {
	first := strings.Fields(command.Path())[0]
	return slices.Contains([]string{"domain", "user", "app", "object", "device", "regs", "calls", "audit"}, first)
}

func hasFlag(command *kong.Node, name string) bool {
	for _, flag := range flagsOf(command) {
		if flag.Name == name {
			return true
		}
	}
	return false
}

func flagsOf(command *kong.Node) []*kong.Flag {
	var flags []*kong.Flag
	for _, level := range command.AllFlags(false) {
		flags = append(flags, level...)
	}
	return flags
}
