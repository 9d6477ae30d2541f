package bench

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// sample is what a server did in one window of time.
type sample struct {
	deliveries int
	cpu        time.Duration
	wall       time.Duration
	writes     int64
	total      int // texts sent in the whole run, warm-up and end included
}

// perDelivery is the processor time of the server in microseconds.
func (s sample) perDelivery() float64 {
	return float64(s.cpu.Nanoseconds()) / 1e3 / float64(max(s.deliveries, 1))
}

// busy is the share of its core that the server used.
func (s sample) busy() float64 { return s.cpu.Seconds() / s.wall.Seconds() }

// pingPong keeps what is in flight: whoever gets a text sends one.
type pingPong struct{}

func (pingPong) received(l *loop, s *socket, texts, _ int) {
	if texts > 0 && !l.draining {
		l.send(s, texts)
	}
}

// oneWay sends the next text of a pair when the last is acknowledged.
type oneWay struct{}

func (oneWay) received(l *loop, s *socket, _, acks int) {
	if acks > 0 && !l.draining {
		l.send(s, acks)
	}
}

// group is one writer and the devices of one reader.
type group struct {
	writer *socket
	k      int // devices
	left   int // that have not got the current text
}

// fanOut sends the next text when every device has the last.
type fanOut struct{}

func (fanOut) received(l *loop, s *socket, texts, _ int) {
	g := s.group
	g.left -= texts
	if g.left == 0 && !l.draining {
		g.left = g.k
		l.send(g.writer, 1)
	}
}

// run is one closed-loop measurement.
type run struct {
	driver driver
	seed   func(l *loop) // sends the first texts
	fan    int           // devices per text
	acks   bool          // each text has a receipt
	warm   time.Duration
	window time.Duration
}

// seedPairs puts n texts in flight in every pair, from both sides in turn.
func seedPairs(n int) func(*loop) {
	return func(l *loop) {
		for i := 0; i < len(l.sockets); i += 2 {
			if n == 1 {
				l.send(l.sockets[i+i/2%2], 1)
				continue
			}
			l.send(l.sockets[i], n/2)
			l.send(l.sockets[i+1], n-n/2)
		}
	}
}

// seedWriters lets the first of every pair send one text.
func seedWriters(l *loop) {
	for i := 0; i < len(l.sockets); i += 2 {
		l.send(l.sockets[i], 1)
	}
}

// measure runs r against the server and leaves the loop quiet.
func (l *loop) measure(r run, p *process) (sample, error) {
	l.begin(r.driver)
	r.seed(l)
	l.until(r.warm, never)
	before, err := l.meter(p)
	if err != nil {
		return sample{}, err
	}
	l.until(r.window, never)
	after, err := l.meter(p)
	if err != nil {
		return sample{}, err
	}
	l.draining = true
	l.until(patience, func() bool { return l.quiet(r) })
	if l.err == nil && !l.quiet(r) {
		l.err = fmt.Errorf("bench: server %s: %d texts to %d devices each, %d arrived, %d receipts", p.kind, l.sent, r.fan, l.delivered, l.acks)
	}
	return after.since(before, l.sent), l.err
}

func (l *loop) begin(d driver) {
	l.driver, l.draining, l.sent, l.delivered, l.acks = d, false, 0, 0, 0
}

// quiet says that everything has arrived.
func (l *loop) quiet(r run) bool {
	return l.delivered == l.sent*r.fan && (!r.acks || l.acks == l.sent)
}

// reading is the state of all meters at one moment.
type reading struct {
	at        time.Time
	cpu       time.Duration
	writes    int64
	delivered int
}

func (l *loop) meter(p *process) (reading, error) {
	if l.err != nil {
		return reading{}, l.err
	}
	writes, _ := p.writes() // a kernel may not count them
	cpu, err := p.cpu()
	return reading{time.Now(), cpu, writes, l.delivered}, err
}

func (r reading) since(b reading, total int) sample {
	return sample{r.delivered - b.delivered, r.cpu - b.cpu, r.at.Sub(b.at), r.writes - b.writes, total}
}

// openLoop sends at times that do not depend on the server, and notes how long
// each text took from the moment at which it was due.
type openLoop struct {
	start time.Time
	took  []int64 // nanoseconds
}

func (o *openLoop) received(l *loop, s *socket, texts, _ int) {
	now := int64(time.Since(o.start))
	for _, due := range s.due[:min(texts, len(s.due))] {
		o.took = append(o.took, now-due)
	}
	s.due = append(s.due[:0], s.due[min(texts, len(s.due)):]...)
}

// paced sends rate texts per second for d at random moments, the same in every
// run with the same seed, and returns how long each took. It polls all the
// time: the core of the load has nothing else to do.
func (l *loop) paced(rate float64, d time.Duration, seed uint64) ([]int64, error) {
	o := &openLoop{took: make([]int64, 0, int(rate*d.Seconds())+1024)}
	random := rand.New(rand.NewPCG(seed, 0))
	gap := func() int64 { return int64(random.ExpFloat64() / rate * 1e9) }
	l.begin(o)
	o.start = time.Now()
	for next := gap(); next < int64(d) && l.err == nil; {
		if int64(time.Since(o.start)) < next {
			l.turn(0)
			continue
		}
		s := l.sockets[random.IntN(len(l.sockets))]
		s.peer.due = append(s.peer.due, next)
		l.send(s, 1)
		next += gap()
	}
	l.until(patience, func() bool { return l.delivered == l.sent })
	if l.err == nil && l.delivered != l.sent {
		l.err = fmt.Errorf("bench: %d texts sent, %d arrived", l.sent, l.delivered)
	}
	return o.took, l.err
}
