package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
)

// Kind names a server that takes part in a comparison.
type Kind string

// The four servers.
const (
	Relay      Kind = "R" // a bare relay with gorilla/websocket
	Coalescing Kind = "F" // a bare relay that coalesces
	NATS       Kind = "N" // nats-server over WebSocket
	Tandem     Kind = "T" // the real binary
)

// ServeChild is what a child process for R, F or N runs: it serves on a
// loopback port, prints a line with the address to out and answers commands
// from in, one per line: "gc" collects garbage, "mallocs" prints the
// number of allocations so far. It returns when in ends.
func ServeChild(k Kind, in io.Reader, out io.Writer) error {
	url, err := start(k)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "listening on", url)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		fmt.Fprintln(out, obey(lines.Text()))
	}
	return lines.Err()
}

// start serves until the process ends.
func start(k Kind) (url string, err error) {
	if k == NATS {
		url, err = startNATS()
		return strings.Replace(url, "ws://", "http://", 1), err
	}
	serve, known := map[Kind]func(net.Listener) error{Relay: serveRelay, Coalescing: serveGathering}[k]
	if !known {
		return "", fmt.Errorf("bench: no built-in server %q", k)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = serve(l) }() // until the process ends
	return "http://" + l.Addr().String(), nil
}

func obey(command string) string {
	switch command {
	case "gc":
		runtime.GC()
		return "done"
	case "mallocs":
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return fmt.Sprint(m.Mallocs)
	}
	return "unknown command"
}
