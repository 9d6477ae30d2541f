package bench

import (
	"fmt"
	"math"
	"time"
)

// allocations is G9: counted by the server itself around a run that begins and
// ends in silence.
func (r *rig) allocations() error {
	if !r.wants("G9") {
		return nil
	}
	for _, k := range r.takesPart() {
		for series, n := range map[string]int{"G9": 1, seriesAllocs32: batch} {
			m := run{driver: pingPong{}, seed: seedPairs(n), fan: 1, window: r.Window}
			x, _, err := r.allocsOf(k, r.pairs[k], m)
			if err != nil {
				return fmt.Errorf("%s, server %s: %w", series, k, err)
			}
			r.record(series, k, 0, x)
		}
	}
	return nil
}

// allocsOf is allocations per text sent; what asking costs is taken off.
func (r *rig) allocsOf(k Kind, l *loop, m run) (float64, sample, error) {
	p := r.servers[k]
	var counts [3]float64
	for i := range 2 {
		n, err := p.mallocs()
		if err != nil {
			return math.NaN(), sample{}, err
		}
		counts[i] = n
	}
	s, err := l.measure(m, p)
	if err != nil {
		return math.NaN(), s, err
	}
	if counts[2], err = p.mallocs(); err != nil {
		return math.NaN(), s, err
	}
	asking := counts[1] - counts[0]
	return max(0, counts[2]-counts[1]-asking) / float64(max(s.total, 1)), s, nil
}

// fanOuts is G11: the same text to 1, 2, 4 and 8 devices of one person, for N
// to as many subscribers.
func (r *rig) fanOuts() error {
	if !r.wants("G11") {
		return nil
	}
	for i := range min(r.Rounds, 2) {
		for _, k := range r.takesPart() {
			if k != Tandem && k != NATS {
				continue
			}
			if err := r.fanOutsOf(k, i); err != nil {
				return fmt.Errorf("G11, server %s: %w", k, err)
			}
		}
	}
	return nil
}

func (r *rig) fanOutsOf(k Kind, round int) error {
	var sizes, cpu, allocs []float64
	for _, n := range fanSizes() {
		x, a, err := r.fanOut(k, n, round)
		if err != nil {
			return err
		}
		sizes, cpu, allocs = append(sizes, float64(n)), append(cpu, x), append(allocs, a)
	}
	_, more := slope(sizes, cpu)
	r.record(seriesFanPerMore, k, round, more)
	_, more = slope(sizes, allocs)
	r.record(seriesFanAllocs, k, round, max(0, more))
	return nil
}

// fanOut returns microseconds and allocations per text to n devices.
func (r *rig) fanOut(k Kind, n, round int) (cpu, allocs float64, err error) {
	clients, err := enterAll(k, r.servers[k].addr, planGroups(fanSet(n), fanGroups, n))
	if err != nil {
		return 0, 0, err
	}
	if err := linkAll(k, clients, n); err != nil {
		closeAll(clients)
		return 0, 0, err
	}
	l, err := newLoop(k, clients)
	if err != nil {
		return 0, 0, err
	}
	defer l.close()
	groups := l.group(n)
	m := run{driver: fanOut{}, fan: n, warm: warmUp, window: r.Window, seed: func(l *loop) {
		for _, g := range groups {
			g.left = n
			l.send(g.writer, 1)
		}
	}}
	allocs, s, err := r.allocsOf(k, l, m)
	if err != nil {
		return 0, 0, err
	}
	cpu = s.perDelivery() * float64(n)
	r.record(fanSeries("G11", n), k, round, cpu)
	if s.writes > 0 {
		r.record(fanSeries(seriesFanWrites, n), k, round, float64(s.writes)*float64(n)/float64(s.deliveries))
	}
	return cpu, allocs, nil
}

// group makes groups of a writer and the n sockets that follow it.
func (l *loop) group(n int) []*group {
	var out []*group
	for i := 0; i < len(l.sockets); i += 1 + n {
		g := &group{writer: l.sockets[i], k: n}
		for _, s := range l.sockets[i : i+1+n] {
			s.group = g
		}
		out = append(out, g)
	}
	return out
}

// rest waits until the process has nothing left to do: less than 1 ms of work
// in 20 ms, at most 2 s.
func (p *process) rest() error {
	last, err := p.cpu()
	for polls := 0; err == nil && polls < 100; polls++ {
		time.Sleep(20 * time.Millisecond)
		var now time.Duration
		if now, err = p.cpu(); now-last < time.Millisecond {
			break
		}
		last = now
	}
	return err
}

// profiles takes CPU profiles of T while pairs talk: the file for one text in
// flight, and beside it one with the suffix .w32.
func (r *rig) profiles() error {
	if r.Profile == "" || r.pairs[Tandem] == nil {
		return nil
	}
	for file, n := range map[string]int{r.Profile: 1, r.Profile + ".w32": batch} {
		if err := r.profileTo(file, n); err != nil {
			return err
		}
		r.note("CPU profile of T with %d in flight: %s", n, file)
	}
	return nil
}

func (r *rig) profileTo(file string, inFlight int) error {
	const length = 3 * time.Second
	p, done := r.servers[Tandem], make(chan error, 1)
	go func() { done <- p.profile(length, file) }()
	m := run{driver: pingPong{}, seed: seedPairs(inFlight), fan: 1, window: length + 200*time.Millisecond}
	if _, err := r.pairs[Tandem].measure(m, p); err != nil {
		return err
	}
	return <-done
}
