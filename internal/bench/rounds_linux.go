package bench

import "fmt"

// rounds repeats the comparisons that need each other's company: inside one
// round the servers take turns, so that a slow minute of the machine hits all.
func (r *rig) rounds() error {
	for i := range r.Rounds {
		if err := r.round(i); err != nil {
			return err
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) round(i int) error {
	for _, step := range []struct {
		wanted bool
		do     func(Kind, int) error
	}{
		{r.wants("G1", "G2"), r.oneInFlight},
		{r.wants("G2"), r.acknowledged},
		{r.wants("G3"), r.manyInFlight},
		{r.wants("G7"), r.latency},
		{r.wants("G6"), r.connects},
	} {
		for _, k := range r.turns(i) {
			if !step.wanted {
				break
			}
			if err := step.do(k, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// turns is the order of the servers in a round; it rotates, so that none is
// always the first.
func (r *rig) turns(round int) []Kind {
	list := r.takesPart()
	at := round % len(list)
	return append(append([]Kind{}, list[at:]...), list[:at]...)
}

func (r *rig) record(series string, k Kind, round int, x float64) {
	r.values.add(series, k, x)
	r.Log("round %d  %-10s %s  %s", round+1, series, k, number(x))
}

func (r *rig) oneInFlight(k Kind, round int) error {
	return r.closedLoop("G1", k, round, r.pairs[k], run{driver: pingPong{}, seed: seedPairs(1), fan: 1})
}

func (r *rig) manyInFlight(k Kind, round int) error {
	return r.closedLoop("G3", k, round, r.pairs[k], run{driver: pingPong{}, seed: seedPairs(batch), fan: 1})
}

// acknowledged measures T, and R with an acknowledgement of its own: texts both
// ways, so that a receipt may ride with the answer, and one way, where it has to
// travel by itself.
func (r *rig) acknowledged(k Kind, round int) error {
	if r.ext[k] == nil {
		return nil
	}
	err := r.closedLoop("G2", k, round, r.ext[k], run{driver: pingPong{}, seed: seedPairs(1), fan: 1, acks: true})
	if err != nil {
		return err
	}
	return r.closedLoop(seriesOneWay, k, round, r.ext[k], run{driver: oneWay{}, seed: seedWriters, fan: 1, acks: true})
}

func (r *rig) closedLoop(series string, k Kind, round int, l *loop, m run) error {
	m.warm, m.window = warmUp, r.Window
	s, err := l.measure(m, r.servers[k])
	if err == nil && s.deliveries == 0 {
		err = errNoValue
	}
	if err != nil {
		return fmt.Errorf("%s, server %s: %w", series, k, err)
	}
	r.record(series, k, round, s.perDelivery())
	r.Log("         %d messages/s, %.0f %% of the core, %.2f writes per message", int(float64(s.deliveries)/s.wall.Seconds()),
		100*s.busy(), float64(s.writes)/float64(s.deliveries))
	r.windows++
	if s.busy() < quietMachine {
		r.disturbed++
	}
	return nil
}

// quietMachine is the share of its core that a server uses in a closed loop
// when nothing else wants it.
const quietMachine = 0.85

// noteDisturbance warns when the machine was not ours alone.
func (r *rig) noteDisturbance() error {
	if r.disturbed*10 > r.windows {
		r.note("in %d of %d closed loops the server got less than %.0f %% of its core: something else ran on this machine, or the load was too slow; the figures say little",
			r.disturbed, r.windows, 100*quietMachine)
	}
	return nil
}

// latency compares at equal load; all servers see the same moments.
func (r *rig) latency(k Kind, round int) error {
	if _, err := r.pairs[k].paced(openRate, warmUp, 0); err != nil {
		return err
	}
	took, err := r.pairs[k].paced(openRate, r.Window, uint64(round)+1)
	if err == nil && len(took) == 0 {
		err = errNoValue
	}
	if err != nil {
		return fmt.Errorf("G7, server %s: %w", k, err)
	}
	r.record("G7", k, round, float64(percentile(took, 0.99))/1e3)
	r.Log("         p50 %s µs, p99.9 %s µs", number(float64(percentile(took, 0.5))/1e3), number(float64(percentile(took, 0.999))/1e3))
	return nil
}

// connects measures what it costs until a client can be called.
func (r *rig) connects(k Kind, round int) error {
	p := r.servers[k]
	before, err := p.cpu()
	if err != nil {
		return err
	}
	clients, err := enterAll(k, p.addr, planPairs(k, "connect", connectClients/2, false))
	if err != nil {
		return err
	}
	after, err := p.cpu()
	if err != nil {
		return err
	}
	r.record("G6", k, round, float64((after-before).Nanoseconds())/1e3/connectClients)
	closeAll(clients)
	return p.rest()
}
