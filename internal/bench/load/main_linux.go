// Command load compares the switch with bare relays and nats-server on this
// machine and prints the table of goals.
//
//	go run ./internal/bench/load [flags]
//
// It starts every server itself, speaks to loopback only and ends within
// minutes. docs/performance.md explains the figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	ossignal "os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/tandem-switch/tandem/internal/bench"
)

// childWord as first argument makes this program one of the servers.
const childWord = "serve-child"

func main() {
	if len(os.Args) == 3 && os.Args[1] == childWord {
		exit(bench.ServeChild(bench.Kind(os.Args[2]), os.Stdin, os.Stdout))
	}
	ctx, stop := ossignal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, os.Args[1:]))
}

// errShort is a missed "must" under --check.
var errShort = errors.New("a required number was missed")

func exit(err error) {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		os.Exit(0)
	}
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}

// options are the flags.
type options struct {
	bench.Config
	seconds        float64
	only           string
	json, check    bool
	quick, verbose bool
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	f.IntVar(&o.Pairs, "pairs", 200, "`number` of pairs that talk")
	f.IntVar(&o.Rounds, "rounds", 5, "how `often` each comparison is repeated, servers in turn")
	f.Float64Var(&o.seconds, "seconds", 1, "`length` of one measurement")
	f.IntVar(&o.Idle, "idle", 2000, "`number` of idle clients for the memory goal")
	f.StringVar(&o.only, "only", "", "`goals` to measure, such as G1,G3")
	f.StringVar(&o.PBX, "pbx", "", "`path` of the switch; built when empty; none leaves it out")
	f.StringVar(&o.Profile, "profile", "", "write CPU profiles of the switch to `file` and file.w32")
	f.StringVar(&o.Postgres, "postgres", "", "`DSN` of a PostgreSQL on which G10 makes a database of its own; without it, that is left out")
	f.BoolVar(&o.json, "json", false, "print one JSON object instead of the table")
	f.BoolVar(&o.quick, "quick", false, "a short run that shows that everything works; its figures say little")
	f.BoolVar(&o.check, "check", false, "exit with 1 when a required number is missed")
	f.BoolVar(&o.verbose, "verbose", false, "print every round to standard error")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o.complete(f)
}

// complete derives what the flags only imply.
func (o options) complete(f *flag.FlagSet) (options, error) {
	if o.quick {
		o.Quick = true
		given := map[string]bool{}
		f.Visit(func(f *flag.Flag) { given[f.Name] = true })
		o.shorten(given)
	}
	for id := range strings.SplitSeq(o.only, ",") {
		if id = strings.ToUpper(strings.TrimSpace(id)); id != "" {
			o.Only = append(o.Only, id)
		}
	}
	if f.NArg() > 0 || o.Pairs < 1 || o.Rounds < 1 || o.Idle < 2 || o.seconds <= 0 {
		return o, fmt.Errorf("wrong arguments; see --help")
	}
	o.Window = time.Duration(o.seconds * float64(time.Second))
	return o, nil
}

// shorten sets what the user has not chosen otherwise.
func (o *options) shorten(given map[string]bool) {
	if !given["rounds"] {
		o.Rounds = 1
	}
	if !given["seconds"] {
		o.seconds = 0.25
	}
	if !given["pairs"] {
		o.Pairs = 50
	}
	if !given["idle"] {
		o.Idle = 500
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	debug.SetGCPercent(400) // the load must not spend its time on garbage
	o.Child = child
	o.Log = func(format string, args ...any) {
		if o.verbose {
			fmt.Fprintf(os.Stderr, format+"\n", args...)
		}
	}
	report, err := bench.Run(ctx, o.Config)
	if err != nil {
		return err
	}
	if err := show(report, o.json); err != nil {
		return err
	}
	if o.check && report.Short() {
		return errShort
	}
	return nil
}

func show(report *bench.Report, asJSON bool) error {
	if asJSON {
		return report.JSON(os.Stdout)
	}
	return report.Table(os.Stdout)
}

// child is this program as server R, F or N.
func child(k bench.Kind) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.Command(self, childWord, string(k))
}
