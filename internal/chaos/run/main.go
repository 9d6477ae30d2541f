// Command run kills the Messages service and the switch while people write, and
// exits with 1 if an acknowledged message is lost, doubled or out of order. See
// internal/chaos.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/tandem-switch/tandem/internal/chaos"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// most is how many findings are printed.
const most = 20

func run(ctx context.Context) error {
	c := chaos.Config{Log: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }}
	flag.IntVar(&c.Rounds, "rounds", 200, "how often something is killed")
	flag.StringVar(&c.Store, "store", "sqlite", "where the Messages service keeps its data: sqlite or postgres, which is then restarted too")
	flag.BoolVar(&c.Embedded, "embedded", false, "the switch hosts the service")
	flag.BoolVar(&c.Sabotage, "sabotage", false, "lose messages on purpose: the run must fail")
	flag.StringVar(&c.PBX, "pbx", "bin/pbx", "the switch")
	flag.StringVar(&c.App, "app", "bin/messages-app", "the Messages service")
	flag.Parse()
	if c.Store != "sqlite" && c.Store != "postgres" || c.Rounds < 1 || flag.NArg() > 0 {
		flag.Usage()
		return fmt.Errorf("--store is sqlite or postgres, --rounds at least 1")
	}
	dir, err := os.MkdirTemp("", "chaos")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c.Dir = dir
	r, err := chaos.Run(ctx, c)
	if err != nil {
		return err
	}
	for i, wrong := range r.Wrong {
		if i == most {
			fmt.Printf("and %d more\n", len(r.Wrong)-most)
			break
		}
		fmt.Println(wrong)
	}
	fmt.Printf("%d rounds, %d messages acknowledged and read back, %d repeated after a kill, %d refused with a cause, %d connections; wrong: %d\n",
		r.Rounds, r.Acknowledged, r.Repeats, r.Failed, r.Connects, len(r.Wrong))
	return r.Err()
}
