package conf

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

type serve struct {
	Listen       []string      `default:"http://127.0.0.1:8080"`
	TrustedProxy []string      `placeholder:"CIDR"`
	Messages     string        `enum:"off,embedded,external" default:"off"`
	MaxQueue     int           `default:"1048576"`
	Ping         time.Duration `default:"30s"`
	Demo         bool
	Label        map[string]string
	S3Key        string `name:"s3-key"`
	Config       File   `placeholder:"FILE"`
}

type cli struct {
	Data  string `default:"./data"`
	Serve serve  `cmd:""`
	Regs  struct {
		JSON bool `name:"json" env:"-"`
	} `cmd:""`
}

// parse reads a command line, an environment and a file ("" = none).
func parse(t *testing.T, args []string, env map[string]string, file string) (cli, error) {
	t.Helper()
	if file != "" {
		name := filepath.Join(t.TempDir(), "pbx.yaml")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", name)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	var c cli
	parser, err := New(&c, kong.Name("pbx"), kong.Exit(func(int) { t.Error("exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c, err
}

func TestPrecedence(t *testing.T) {
	tests := []struct {
		name string
		args string
		env  map[string]string
		file string
		want string
	}{
		{"default", "serve", nil, "", "off"},
		{"file over default", "serve", nil, "messages: embedded", "embedded"},
		{"environment over default", "serve", map[string]string{"PBX_MESSAGES": "external"}, "", "external"},
		{"environment over file", "serve", map[string]string{"PBX_MESSAGES": "external"}, "messages: embedded", "external"},
		{"flag over all", "serve --messages off", map[string]string{"PBX_MESSAGES": "external"}, "messages: embedded", "off"},
		{"flag over file", "serve --messages=external", nil, "messages: embedded", "external"},
		{"off is a word", "serve", map[string]string{}, "messages: off", "off"},
		{"empty file", "serve", nil, "# nothing\n", "off"},
		{"null is no value", "serve", nil, "messages:\n", "off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := parse(t, strings.Fields(tt.args), tt.env, tt.file)
			if err != nil || c.Serve.Messages != tt.want {
				t.Errorf("messages = %q, %v, want %q", c.Serve.Messages, err, tt.want)
			}
		})
	}
}

func TestTypesFromFile(t *testing.T) {
	file := `
data: /var/lib/pbx
listen:
  - https://[::]:443
  - http://127.0.0.1:8080
trusted-proxy: [10.0.0.0/8]
max-queue: 4096
ping: 45s
demo: true
s3-key: "007"
label: {site: vienna, rack: "4"}
`
	c, err := parse(t, []string{"serve"}, nil, file)
	if err != nil {
		t.Fatal(err)
	}
	want := serve{
		Listen:       []string{"https://[::]:443", "http://127.0.0.1:8080"},
		TrustedProxy: []string{"10.0.0.0/8"},
		Messages:     "off",
		MaxQueue:     4096,
		Ping:         45 * time.Second,
		Demo:         true,
		Label:        map[string]string{"site": "vienna", "rack": "4"},
		S3Key:        "007",
		Config:       c.Serve.Config,
	}
	if c.Data != "/var/lib/pbx" || !reflect.DeepEqual(c.Serve, want) {
		t.Errorf("got %q %+v\nwant %+v", c.Data, c.Serve, want)
	}
}

func TestTypesFromEnvironment(t *testing.T) {
	c, err := parse(t, []string{"serve"}, map[string]string{
		"PBX_LISTEN": "http://a:1,http://b:2", "PBX_MAX_QUEUE": "7", "PBX_DEMO": "true", "PBX_S3_KEY": "k", "PBX_JSON": "true",
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c.Serve.Listen, []string{"http://a:1", "http://b:2"}) || c.Serve.MaxQueue != 7 || !c.Serve.Demo || c.Serve.S3Key != "k" {
		t.Errorf("got %+v", c.Serve)
	}
	if c.Regs.JSON {
		t.Error(`env:"-" does not keep the environment out`)
	}
}

func TestFileFromEnvironment(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pbx.yaml")
	if err := os.WriteFile(name, []byte("max-queue: 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := parse(t, []string{"serve"}, map[string]string{"PBX_CONFIG": name}, "")
	if err != nil || c.Serve.MaxQueue != 5 {
		t.Errorf("max-queue = %d, %v", c.Serve.MaxQueue, err)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name, args, file string
		env              map[string]string
		want             []string
	}{
		{"unknown key", "serve", "trusted_proxy: [x]", nil, []string{"pbx.yaml", `unknown key "trusted_proxy"`, `"trusted-proxy"`}},
		{"two unknown keys", "serve", "lisen: x\ndemo: true\nmax: {queue: 1}", nil, []string{`"lisen"`, `"listen"`, `"max.queue"`, `"max-queue"`}},
		{"flag that is no setting", "serve", "json: true", nil, []string{`unknown key "json"`}},
		{"file in the file", "serve", "config: x", nil, []string{`unknown key "config"`}},
		{"wrong type", "serve", "max-queue: many", nil, []string{"max-queue", "many"}},
		{"wrong choice", "serve", "messages: on", nil, []string{"messages", "embedded"}},
		{"no YAML", "serve", "a: [", nil, []string{"pbx.yaml", "yaml"}},
		{"key twice", "serve", "demo: true\ndemo: false", nil, []string{"pbx.yaml", "demo"}},
		{"no mapping", "serve", "- a", nil, []string{"pbx.yaml"}},
		{"wrong variable beside a file", "serve", "demo: true", map[string]string{"PBX_MAX_QUEUE": "x"}, []string{"PBX_MAX_QUEUE"}},
		{"no file", "serve --config /nonexistent.yaml", "", nil, []string{"/nonexistent.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(t, strings.Fields(tt.args), tt.env, tt.file)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %s", err, want)
				}
			}
		})
	}
}

func TestPrefixOfAnotherProgram(t *testing.T) {
	t.Setenv("OTHER_DATA", "/there")
	t.Setenv("PBX_DATA", "/here")
	var c cli
	parser, err := NewProgram("OTHER_", &c, kong.Name("other"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"regs"}); err != nil || c.Data != "/there" {
		t.Errorf("data %q, %v", c.Data, err)
	}
}

func TestVariable(t *testing.T) {
	for flag, want := range map[string]string{"listen": "PBX_LISTEN", "trusted-proxy": "PBX_TRUSTED_PROXY", "s3.key": "PBX_S3_KEY"} {
		if got := Variable(flag); got != want {
			t.Errorf("Variable(%q) = %q, want %q", flag, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"listen", "lisen", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 2}}
	for _, tt := range tests {
		if got := distance(tt.a, tt.b); got != tt.want || distance(tt.b, tt.a) != got {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
