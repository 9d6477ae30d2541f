package bench

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestHostOf(t *testing.T) {
	for line, want := range map[string]string{
		"listening on http://127.0.0.1:34567":                      "127.0.0.1:34567",
		`time=now msg=ready url="http://127.0.0.1:80" others=none`: "127.0.0.1:80",
		"open http://[::1]:8080/ in a browser":                     "[::1]:8080",
		"see http://example.com/docs":                              "",
		"nothing here":                                             "",
	} {
		if got := hostOf(line); got != want {
			t.Errorf("hostOf(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestField(t *testing.T) {
	text := []byte("VmHWM:\t  9 kB\nVmRSS:\t  5124 kB\n")
	if got, err := field(text, "VmRSS:"); got != 5124 || err != nil {
		t.Errorf("field = %d, %v", got, err)
	}
	if _, err := field(text, "VmSwap:"); err == nil {
		t.Error("found what is not there")
	}
}

func TestMetric(t *testing.T) {
	text := []byte("# HELP x y\nx_total_other 3\nx_total 1.5e+06\n")
	if got, err := metric(text, "x_total"); got != 1.5e6 || err != nil {
		t.Errorf("metric = %v, %v", got, err)
	}
	if _, err := metric(text, "x"); err == nil {
		t.Error("found what is not there")
	}
}

func TestTail(t *testing.T) {
	var last tail
	io.WriteString(&last, strings.Repeat("x", 2*tailSize))
	io.WriteString(&last, "the end\n")
	if got := last.String(); len(got) > tailSize || !strings.HasSuffix(got, "the end") {
		t.Errorf("%d bytes, ends %q", len(got), got[len(got)-10:])
	}
}

// The processor clock of another process is that process's, not ours.
func TestMetersOfAProcess(t *testing.T) {
	cores, _, err := PickCores()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newStarter(cores.Server)
	if err != nil {
		t.Fatal(err)
	}
	p, err := startProcess(s, Relay, exec.Command("sh", "-c",
		`echo at http://127.0.0.1:1; read x; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done; read y`))
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	before, err := p.cpu()
	if err != nil {
		t.Fatal(err)
	}
	if line, err := p.command("go"); line != "done" || err != nil {
		t.Fatal(line, err)
	}
	after, err := p.cpu()
	if err != nil || after-before < time.Millisecond || after > time.Minute {
		t.Errorf("processor time %v after %v, %v", after, before, err)
	}
	if rss, err := p.rss(); rss < 100<<10 || err != nil {
		t.Errorf("resident %d, %v", rss, err)
	}
	if n, err := p.writes(); n < 2 || err != nil {
		t.Errorf("writes %d, %v", n, err)
	}
}

func TestServerThatEnds(t *testing.T) {
	s, err := newStarter(0)
	if err != nil {
		t.Skip("no core 0 here:", err)
	}
	_, err = startProcess(s, Tandem, exec.Command("sh", "-c", "echo no such flag >&2; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "no such flag") {
		t.Errorf("error %v does not tell why", err)
	}
}

func TestServeChild(t *testing.T) {
	var out bytes.Buffer
	if err := ServeChild(Relay, strings.NewReader("gc\nmallocs\nwhat\n"), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || hostOf(lines[0]) == "" || lines[1] != "done" || lines[3] != "unknown command" {
		t.Errorf("said %q", lines)
	}
	if err := ServeChild("X", os.Stdin, &out); err == nil {
		t.Error("started a server that does not exist")
	}
}
