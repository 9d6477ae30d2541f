package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// Config says what to measure and how long.
type Config struct {
	Pairs   int           // pairs of clients that talk
	Rounds  int           // how often everything is repeated, servers in turn
	Window  time.Duration // length of one measurement
	Idle    int           // clients for the memory goal
	Only    []string      // goals by number, empty: all
	PBX     string        // the switch; "" builds it, "none" leaves T out
	Profile string        // file for a CPU profile of the switch under load, "" none
	Quick   bool          // no wait for the switch to forget chats
	// Postgres is the DSN of a server on which G10 makes a database of its own.
	Postgres string
	// Child starts this program again so that it calls ServeChild for a kind.
	Child func(Kind) *exec.Cmd
	// Log is told what happens; never nil.
	Log func(format string, args ...any)
}

// How many clients, groups and texts the single goals use.
const (
	connectClients = 300  // G6, per round
	fanGroups      = 50   // G11
	openRate       = 5000 // G7, texts per second
	warmUp         = 150 * time.Millisecond
	memoryOfChats  = 62 * time.Second // the switch forgets a chat after 60 s
	talkTexts      = 5                // G5, in each direction
)

// rig is everything that runs during a comparison.
type rig struct {
	Config
	ctx     context.Context
	dir     string
	starter *starter
	servers map[Kind]*process
	pairs   map[Kind]*loop
	ext     map[Kind]*loop // pairs whose texts are acknowledged
	idle    *idlers
	running []*process
	values  values
	notes   []string

	windows, disturbed int // closed loops, and those in which the server did not get its core
}

// Run measures everything that the configuration asks for. It starts and ends
// all servers itself, uses loopback only and leaves nothing behind.
func Run(ctx context.Context, c Config) (*Report, error) {
	r := &rig{Config: c, ctx: ctx, values: values{}, servers: map[Kind]*process{}, pairs: map[Kind]*loop{}, ext: map[Kind]*loop{}}
	defer r.close()
	for _, step := range []func() error{r.prepare, r.startIdle, r.startServers, r.rounds, r.noteDisturbance, r.allocations, r.fanOuts, r.profiles, r.storing, r.endIdle} {
		if err := step(); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return &Report{Rows: r.values.rows(), Notes: r.notes}, nil
}

// wants says whether a goal is to be measured.
func (r *rig) wants(ids ...string) bool {
	if len(r.Only) == 0 {
		return true
	}
	return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(r.Only, id) })
}

// takesPart lists the servers of this run.
func (r *rig) takesPart() []Kind {
	if r.PBX == "none" {
		return []Kind{Relay, Coalescing, NATS}
	}
	return kinds()
}

func (r *rig) withTandem() bool { return r.PBX != "none" }

// prepare pins this process, makes a directory and the binary.
func (r *rig) prepare() error {
	cores, shared, err := PickCores()
	if err != nil {
		return err
	}
	if shared {
		r.note("one processor only: servers and load share it, latencies mean little")
	}
	if r.dir, err = os.MkdirTemp("", "tandem-bench-"); err != nil {
		return err
	}
	if r.PBX == "" {
		r.Log("building the switch")
		if r.PBX, err = buildPBX(r.ctx, r.dir); err != nil {
			return err
		}
	}
	r.Log("servers on core %d, load on core %d", cores.Server, cores.Load)
	if err := PinProcess(cores.Load); err != nil {
		return err
	}
	r.starter, err = newStarter(cores.Server) // afterwards: it leaves the core of the load
	return err
}

func (r *rig) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// start runs one more server; users are the people that T knows.
func (r *rig) start(k Kind, name string, users []string) (*process, error) {
	if k != Tandem {
		return r.keep(startProcess(r.starter, k, r.Child(k)))
	}
	return r.startWith(name, users, []string{"--messages", "off"})
}

// startWith runs one more switch with these flags.
func (r *rig) startWith(name string, users, flags []string) (*process, error) {
	data := filepath.Join(r.dir, name)
	if err := prepareTandem(r.ctx, r.PBX, data, users, databaseFlag(flags)...); err != nil {
		return nil, err
	}
	return r.keep(startTandem(r.starter, r.PBX, data, flags...))
}

// databaseFlag is what commands have to be told too.
func databaseFlag(flags []string) []string {
	if i := slices.Index(flags, "--postgres"); i >= 0 {
		return flags[i : i+2]
	}
	return nil
}

func (r *rig) keep(p *process, err error) (*process, error) {
	if p != nil {
		r.running = append(r.running, p)
	}
	return p, err
}

// startServers starts the four and opens the pairs.
func (r *rig) startServers() error {
	if !r.wants("G1", "G2", "G3", "G6", "G7", "G9", "G11") && (r.Profile == "" || len(r.Only) > 0) {
		return nil
	}
	for _, k := range r.takesPart() {
		p, err := r.start(k, "main", r.people())
		if err != nil {
			return err
		}
		r.servers[k] = p
		if err := r.openPairs(k); err != nil {
			return err
		}
	}
	return nil
}

// people are the users of the main server T.
func (r *rig) people() []string {
	var out []string
	for _, p := range slices.Concat(planPairs(Tandem, "plain", r.Pairs, false), planPairs(Tandem, "ext", r.Pairs, true),
		planPairs(Tandem, "connect", connectClients/2, false)) {
		out = append(out, p.name)
	}
	for _, k := range fanSizes() {
		for _, p := range planPairs(Tandem, fanSet(k), fanGroups, false) {
			out = append(out, p.name)
		}
	}
	return out
}

func fanSet(k int) string { return "fan" + itoa(k) }

// openPairs logs in and links what will talk in every round.
func (r *rig) openPairs(k Kind) (err error) {
	if r.pairs[k], err = r.open(k, "plain", false); err != nil {
		return err
	}
	if (k == Tandem || k == Relay) && r.wants("G2") {
		r.ext[k], err = r.open(k, acknowledgedSet, true)
	}
	return err
}

func (r *rig) open(k Kind, set string, ext bool) (*loop, error) {
	r.Log("%s: %d pairs log in", k, r.Pairs)
	clients, err := enterAll(k, r.servers[k].addr, planPairs(k, set, r.Pairs, ext))
	if err != nil {
		return nil, err
	}
	if err := linkAll(k, clients, 1); err != nil {
		closeAll(clients)
		return nil, fmt.Errorf("server %s: %w: %s", k, err, r.servers[k].last.String())
	}
	return newLoop(k, clients)
}

// close ends whatever runs.
func (r *rig) close() {
	for _, l := range r.pairs {
		if l != nil {
			l.close()
		}
	}
	for _, l := range r.ext {
		if l != nil {
			l.close()
		}
	}
	for _, p := range r.running {
		p.stop()
	}
	if r.dir != "" {
		os.RemoveAll(r.dir)
	}
}

var errNoValue = errors.New("bench: nothing was delivered")
