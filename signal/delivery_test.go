package signal_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// The model of delivery (A1): a text goes once to every registration of the other
// side and to every inbox of the own side except the writing one: on its inbox;
// else on its leg of the call in which it was written; else on its newest leg of
// the chat; else on a new leg, at most every 30 s and never after rel 21.
//
// The model knows of legs only what devices see. confId tells which call a leg
// belongs to.
type model struct {
	t       *testing.T
	w       *world
	r       *rand.Rand
	log     []string
	devices []*modelDevice
	calls   []string // confIds, oldest first
	callers map[string]*modelDevice
	offered map[offerKey]offerState
	count   int
}

type modelDevice struct {
	*device
	who   string
	inbox int            // its number, 0 = none
	legs  map[int]string // live number -> confId
	calls int            // its own numbers so far
	read  int
	texts map[string][]int // numbers on which a text came
	fresh map[int]bool     // setups of this step
	gone  bool
}

type offerKey struct {
	conf string
	d    *modelDevice
}

type offerState struct {
	at    time.Time
	never bool
}

func TestDeliveryModel(t *testing.T) {
	scripts := 80
	if testing.Short() {
		scripts = 20
	}
	delivered := 0
	for seed := range scripts {
		m := &model{
			t: t, w: newWorld(t, "alice", "bob"), r: rand.New(rand.NewPCG(uint64(seed), 11)),
			callers: map[string]*modelDevice{}, offered: map[offerKey]offerState{},
		}
		for range 150 {
			m.step()
			if t.Failed() {
				t.Fatalf("seed %d:\n%s", seed, strings.Join(m.log, "\n"))
			}
		}
		delivered += m.w.drops.of("message")
	}
	if delivered < scripts*10 {
		t.Errorf("only %d texts were delivered: the scripts prove little", delivered)
	}
}

func (m *model) note(format string, args ...any) { m.log = append(m.log, fmt.Sprintf(format, args...)) }

func (m *model) step() {
	m.devices = slices.DeleteFunc(m.devices, func(d *modelDevice) bool { return d.gone })
	if len(m.devices) < 2 || len(m.devices) < 8 && m.r.IntN(8) == 0 {
		m.connect()
		return
	}
	d := m.devices[m.r.IntN(len(m.devices))]
	switch op := m.r.IntN(20); {
	case op == 0:
		m.note("%s is lost", d.name)
		d.gone = true
		d.lose()
		d.legs, d.inbox = map[int]string{}, 0
	case op < 4:
		m.call(d)
	case op < 7:
		m.release(d)
	case op < 9:
		if n, ok := m.anyLeg(d); ok {
			m.note("%s conn %d", d.name, n)
			d.say(n, `{"type":"conn","channel":0}`)
		}
	case op < 11:
		pause := time.Duration(m.r.IntN(40)) * time.Second
		m.note("%v pass", pause)
		m.w.advance(pause)
	default:
		m.text(d)
		return
	}
	m.watch("")
}

func (m *model) connect() {
	who := []string{"alice", "bob"}[m.r.IntN(2)]
	flags := []string{"", "", "IM_EXT", "IM_INBOX"}[m.r.IntN(4)]
	m.count++
	d := &modelDevice{who: who, legs: map[int]string{}, texts: map[string][]int{}}
	d.device = m.w.connect(fmt.Sprintf("%s.%d", who, m.count), flags)
	m.note("%s connects with %q", d.name, flags)
	m.devices = append(m.devices, d)
	m.watch("")
	if flags == "IM_INBOX" {
		d.say(d.inbox, `{"type":"conn","channel":0}`)
	}
}

func (m *model) call(d *modelDevice) {
	if d.inbox != 0 {
		return
	}
	d.calls++
	m.count++
	conf := fmt.Sprintf("%032x", m.count)
	m.note("%s calls: %d", d.name, d.calls)
	m.calls, m.callers[conf], d.legs[d.calls] = append(m.calls, conf), d, conf
	d.say(d.calls, `{"type":"setup","channel":0,"complete":true,"confId":"`+conf+`","cd":{"sip":"`+peerOf(d.who)+`"},"fty":[{"type":"im_setup"}]}`)
}

func peerOf(who string) string {
	if who == "alice" {
		return "bob"
	}
	return "alice"
}

func (m *model) anyLeg(d *modelDevice) (int, bool) {
	var live []int
	for n := range d.legs {
		live = append(live, n)
	}
	if len(live) == 0 {
		return 0, false
	}
	slices.Sort(live)
	return live[m.r.IntN(len(live))], true
}

func (m *model) release(d *modelDevice) {
	n, ok := m.anyLeg(d)
	cause := []int{16, 21}[m.r.IntN(2)]
	if m.r.IntN(6) == 0 && d.inbox != 0 {
		n, ok = d.inbox, true
		d.inbox = 0
	}
	if !ok {
		return
	}
	m.note("%s rel %d with %d", d.name, n, cause)
	if conf := d.legs[n]; conf != "" && cause == 21 {
		m.offered[offerKey{conf, d}] = offerState{never: true}
	}
	delete(d.legs, n)
	d.say(n, fmt.Sprintf(`{"type":"rel","cau":{"num":%d}}`, cause))
}

// live tells whether a call lives, as far as devices see.
func (m *model) live(conf string) bool {
	caller := m.callers[conf]
	for _, d := range m.devices {
		for _, c := range d.legs {
			if c == conf && (caller == nil || caller == d) {
				return true
			}
		}
	}
	return false
}

// newest is the newest live call, "" if none.
func (m *model) newest() string {
	for _, conf := range slices.Backward(m.calls) {
		if m.live(conf) {
			return conf
		}
	}
	return ""
}

// text writes one and compares who gets it with the rule.
func (m *model) text(d *modelDevice) {
	number, conf := d.inbox, ""
	if d.inbox != 0 && m.r.IntN(3) > 0 {
		conf = m.newest()
	} else {
		n, ok := m.anyLeg(d)
		if !ok {
			return
		}
		number, conf = n, d.legs[n]
	}
	want := map[*modelDevice]int{} // number, or newLeg
	for _, x := range m.devices {
		if n := m.expected(d, x, number, conf); n != 0 {
			want[x] = n
		}
	}
	lost := true // nobody there: whether own inboxes have a copy is open
	for x := range want {
		lost = lost && x.who == d.who
	}
	m.count++
	body := fmt.Sprintf("m%d", m.count)
	m.note("%s writes %s on %d, in call %d", d.name, body, number, slices.Index(m.calls, conf))
	d.sayText(number, `"chat":"`+peerOf(d.who)+`","id":"`+body+`","data":"`+body+`"`)
	m.watch(conf)
	for _, x := range m.devices {
		if !lost || x.who != d.who {
			m.compare(x, body, want[x])
		}
	}
}

// newLeg stands for a number that only the switch knows yet.
const newLeg = 1 << 20

// expected is where a device gets a text: 0 nowhere.
func (m *model) expected(writer, x *modelDevice, number int, conf string) int {
	if x == writer {
		if x.inbox != 0 && number != x.inbox {
			return x.inbox
		}
		return 0
	}
	if x.inbox != 0 {
		return x.inbox
	}
	if x.who == writer.who {
		return 0
	}
	best := 0
	for n, c := range x.legs {
		if c == conf {
			return n
		}
		if best == 0 || slices.Index(m.calls, c) > slices.Index(m.calls, x.legs[best]) {
			best = n
		}
	}
	if best != 0 {
		return best
	}
	if o, before := m.offered[offerKey{conf, x}]; conf != "" && before && (o.never || m.w.clock.Now().Sub(o.at) < signal.OfferAgain) {
		return 0
	}
	return newLeg
}

func (m *model) compare(x *modelDevice, body string, want int) {
	got := x.texts[body]
	switch {
	case want == 0 && len(got) > 0:
		m.t.Errorf("%s got %s on %v, want nothing", x.name, body, got)
	case want == newLeg && (len(got) != 1 || !x.fresh[got[0]]):
		m.t.Errorf("%s got %s on %v, want it once on a new leg", x.name, body, got)
	case want != 0 && want != newLeg && (len(got) != 1 || got[0] != want):
		m.t.Errorf("%s got %s on %v, want it once on %d", x.name, body, got, want)
	}
}

// watch takes note of what the devices got. late is the call of a text: setups
// are then offers to late joiners.
func (m *model) watch(late string) {
	for _, d := range m.devices {
		d.fresh = map[int]bool{}
		for _, f := range d.frames[d.read:] {
			call, sig, _ := strings.Cut(f, " ")
			n, _ := strconv.Atoi(call)
			var doc strictjson.Doc
			if err := doc.Parse([]byte(sig)); err != nil {
				m.t.Fatalf("%s: %v", sig, err)
			}
			m.saw(d, n, doc.Root(), late)
		}
		d.read = len(d.frames)
	}
}

func (m *model) saw(d *modelDevice, n int, sig strictjson.Value, late string) {
	switch {
	case sig.Get("type").Is("rel"):
		delete(d.legs, n)
		m.note("  %s gets rel on %d", d.name, n)
		if n == d.inbox {
			d.inbox = 0
		}
	case sig.Get("type").Is("setup"):
		m.sawSetup(d, n, sig, late)
	}
	for f := range sig.Get("fty").Elements() {
		if f.Get("type").Is("im_message") {
			d.texts[f.Get("data").String()] = append(d.texts[f.Get("data").String()], n)
		}
	}
}

func (m *model) sawSetup(d *modelDevice, n int, sig strictjson.Value, late string) {
	conf := sig.Get("confId").String()
	for f := range sig.Get("fty").Elements() {
		if f.Get("inbox").Exists() {
			d.inbox = n
			return
		}
	}
	d.legs[n], d.fresh[n] = conf, true
	defer func() { m.note("  %s gets the setup %d of call %d", d.name, n, slices.Index(m.calls, conf)) }()
	if !slices.Contains(m.calls, conf) {
		m.calls = append(m.calls, conf) // the switch holds it
	}
	if late == conf { // the offers with which a call begins do not count
		m.offered[offerKey{conf, d}] = offerState{at: m.w.clock.Now()}
	}
}
