package signal_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

// phone is a connection that holds the switch to what every client may rely on:
// the life of numbers, well-formed frames, nothing that was not asked for.
// It is safe for use by several goroutines.
type phone struct {
	w    *world
	name string
	conn *signal.Conn

	mu      sync.Mutex // guards the following
	flags   map[string]signal.Flags
	numbers map[int32]numberState
	texts   map[string]int // by src and text
	pings   []uint32
	wrong   []string
	said    map[string]int // by leg, chat and author: the newest text
	hunts   map[int32]bool // numbers of calls to the hunt group
}

// numberState is what the client knows of a number.
type numberState struct {
	live  bool
	freed time.Time // zero: never used
}

func (w *world) phone(name string) *phone {
	p := &phone{w: w, name: name, flags: map[string]signal.Flags{}, numbers: map[int32]numberState{}, texts: map[string]int{}, said: map[string]int{}, hunts: map[int32]bool{}}
	p.conn = w.sw.Connect(p)
	return p
}

// register registers a person of the directory under a src.
func (p *phone) register(who, src, flags, hw string) error {
	party, found := p.w.dir.Resolve(signal.Address{Domain: 1}, who, "")
	if !found {
		return signal.ErrBlocked
	}
	src = `"` + src + `"`
	f := signal.ParseFlags(flags)
	p.mu.Lock()
	before := p.flags[src]
	p.flags[src] |= f // until the Register is through, frames of before may come
	p.mu.Unlock()
	var failed error
	p.w.turn(func(t *signal.Turn) {
		r, err := p.conn.Register(t, signal.Claim{Address: party.Address, Src: src, HW: hw, Flags: f})
		p.mu.Lock()
		p.flags[src] = before
		if err == nil {
			p.flags[src] = f
		}
		p.mu.Unlock()
		if failed = err; err == nil {
			p.conn.Opened(t, r)
		}
	})
	return failed
}

// say sends a sig object, whatever it is.
func (p *phone) say(src string, number int32, sig string) {
	var doc strictjson.Doc
	if doc.Parse([]byte(sig)) != nil {
		return
	}
	m, err := signal.Decode(doc.Root())
	_, m.Duplicate = doc.Duplicate()
	p.begins(number, &m, err, doc.Root().Get("cd").Get("sip").String())
	p.w.turn(func(t *signal.Turn) {
		if err != nil && !m.Duplicate {
			p.conn.RouteMalformed(t, `"`+src+`"`, number, &m, signal.CauseOf(err))
			return
		}
		p.conn.Route(t, []byte(`"`+src+`"`), number, &m)
	})
	p.ends(number, &m, err)
}

// begins notes a number that the client is about to use.
func (p *phone) begins(number int32, m *signal.Message, err error, to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && m.Type == signal.SetupMsg && !m.Duplicate && number > 0 {
		if !p.numbers[number].live {
			p.hunts[number] = to == "team"
		}
		p.numbers[number] = numberState{live: true}
	}
}

// hunting tells whether a number is that of a call to the hunt group.
func (p *phone) hunting(number int32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hunts[number]
}

// ends notes a number that the client has released.
func (p *phone) ends(number int32, m *signal.Message, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.numbers[number]; err == nil && (m.Type == signal.RelMsg || m.Type == signal.DiscMsg) && !m.Duplicate && s.live {
		p.numbers[number] = numberState{freed: p.w.clock.Now()}
	}
}

// live are the live numbers, in order.
func (p *phone) live() []int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []int32
	for n, s := range p.numbers {
		if s.live {
			list = append(list, n)
		}
	}
	for i := 1; i < len(list); i++ { // short lists
		for j := i; j > 0 && list[j] < list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	return list
}

func (p *phone) lose() { p.w.turn(p.conn.Close) }

// pong answers the newest ping, or one that never was.
func (p *phone) pong(odd bool) {
	p.mu.Lock()
	var n uint32
	if len(p.pings) > 0 {
		n = p.pings[len(p.pings)-1]
	}
	p.mu.Unlock()
	if odd {
		n += 7
	}
	p.w.turn(func(t *signal.Turn) { p.conn.Pong(t, n) })
}

func (p *phone) complain(format string, args ...any) {
	p.wrong = append(p.wrong, p.name+": "+fmt.Sprintf(format, args...))
}

// check fails the test with what the switch did wrong.
func (p *phone) check(t testing.TB) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.wrong {
		t.Error(x)
	}
	p.wrong = nil
}

// Send implements signal.Endpoint.
func (p *phone) Send(_ *signal.Turn, src string, number int32, head, tail []byte) {
	sig := string(head) + string(tail)
	var doc strictjson.Doc
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := doc.Parse([]byte(sig)); err != nil {
		p.complain("%d: %v in %s", number, err, sig)
		return
	}
	if _, dup := doc.Duplicate(); dup {
		p.complain("%d: a name twice in %s", number, sig)
	}
	if len(sig) > 60<<10 {
		p.complain("%d: %d bytes", number, len(sig))
	}
	p.number(number, doc.Root(), sig)
	p.members(src, number, doc.Root(), sig)
}

// SendLater implements signal.Endpoint.
func (p *phone) SendLater(t *signal.Turn, src string, number int32, head, tail []byte) {
	p.Send(t, src, number, head, tail)
}

// number checks the life of a number.
func (p *phone) number(number int32, sig strictjson.Value, text string) {
	state, typ := p.numbers[number], sig.Get("type").String()
	now := p.w.clock.Now()
	switch {
	case typ == "setup":
		if number >= 0 || state.live || !state.freed.IsZero() && now.Sub(state.freed) < signal.NumberRest {
			p.complain("%d: a setup on a number that is positive, live or warm", number)
		}
		for key := range p.said {
			if strings.HasPrefix(key, fmt.Sprint(number)) {
				delete(p.said, key)
			}
		}
		p.numbers[number] = numberState{live: true}
	case typ == "rel":
		n, ok := sig.Get("cau").Get("num").Int64()
		if !ok || n < 1 || n > 127 {
			p.complain("%d: a rel without a cause: %s", number, text)
		}
		if !state.live && (number < 0 || !state.freed.IsZero() && n != int64(signal.CauseInvalidCallReference)) {
			p.complain("%d: a rel on a number without a call: %s", number, text)
		}
		p.numbers[number] = numberState{freed: now}
	case !state.live && !onlyFailed(sig):
		p.complain("%d: after its release: %s", number, text)
	}
}

// onlyFailed tells whether a message is a failed receipt, which may come on a
// released number (A12).
func onlyFailed(sig strictjson.Value) bool {
	for f := range sig.Get("fty").Elements() {
		if !f.Get("type").Is("im_receipt") || !f.Get("state").Is("failed") {
			return false
		}
	}
	return sig.Get("type").Is("facility")
}

// members checks what stands in a message.
func (p *phone) members(src string, number int32, sig strictjson.Value, text string) {
	flags, typ := p.flags[src], sig.Get("type").String()
	if typ == "setup" {
		for _, name := range []string{"cg", "cd", "channel", "fty", "confId", "callId"} {
			if !sig.Get(name).Exists() {
				p.complain("%d: a setup without %s: %s", number, name, text)
			}
		}
		if flags&signal.NoMedia != 0 && !sig.Get("channel").Is("0") && string(sig.Get("channel").Raw()) != "0" {
			p.complain("%d: media for NO_MEDIA_CALL: %s", number, text)
		}
	}
	if fty := sig.Get("fty"); fty.Exists() && len(fty.Raw()) <= len("[]") {
		p.complain("%d: an empty fty: %s", number, text)
	}
	for f := range sig.Get("fty").Elements() {
		p.facility(src, number, flags, f, text)
	}
}

func (p *phone) facility(src string, number int32, flags signal.Flags, f strictjson.Value, text string) {
	if flags&signal.Ext == 0 {
		p.published(number, f, text)
	}
	data := f.Get("data").String()
	p.acknowledged(number, f, text)
	p.once(src, number, f, text)
	if !f.Get("type").Is("im_message") || f.Get("more").Exists() || !strings.HasPrefix(data, "once-") {
		return
	}
	if p.texts[src+data]++; p.texts[src+data] > 1 {
		p.complain("%d: %s for the %d. time", number, data, p.texts[src+data])
	}
	p.inOrder(number, f, data, text)
}

// acknowledged checks, where everything is stored, that nothing comes or is
// acknowledged that is not.
func (p *phone) acknowledged(number int32, f strictjson.Value, text string) {
	if p.w.store == nil || !p.w.store.strict || !f.Get("state").Is("sent") && !f.Get("mid").Exists() {
		return
	}
	mid, _ := f.Get("mid").Int64()
	if !p.w.store.has(f.Get("id").String(), mid) {
		p.complain("%d: it is not stored: %s", number, text)
	}
}

// once checks, where everything is stored, that no id of an author comes more often than
// the archive has taken it, also where he has sent it again. That is once, unless the
// link was down: an outbox does not know what the service has, and a chat remembers
// only its own texts.
func (p *phone) once(src string, number int32, f strictjson.Value, text string) {
	id := f.Get("id").String()
	if p.w.store == nil || !p.w.store.strict || id == "" || !f.Get("type").Is("im_message") {
		return
	}
	key := src + " id " + f.Get("sender").String() + id
	if p.texts[key]++; p.texts[key] > p.w.store.took(f.Get("sender").String(), id) {
		p.complain("%d: for the %d. time: %s", number, p.texts[key], text)
	}
}

// inOrder checks, where everything is stored, that the texts of one author come in
// their order. What goes to programs is left out, see
// TestInboxHearsProgramsInTheirCalls: what waits in one of several calls to them may be
// overtaken in another. So may what waits for a member of the hunt group, see
// TestHuntGroupIsOvertaken: there each call of the author has an order of its own.
func (p *phone) inOrder(number int32, f strictjson.Value, data, text string) {
	toProgram := strings.HasPrefix(p.name, "bot") || f.Get("chat").Is("bot") && !f.Get("sender").Is("bot")
	if p.w.store == nil || !p.w.store.strict || toProgram {
		return
	}
	var n, hunt int
	_, _ = fmt.Sscanf(data, "once-%d-on-%d", &n, &hunt)
	device := n / crowded
	key := fmt.Sprint(number, f.Get("chat").String(), f.Get("sender").String(), device, hunt)
	if n < p.said[key] {
		p.complain("%d: after once-%d: %s", number, p.said[key], text)
	}
	p.said[key] = n
}

// published checks that nothing of the amendments comes to a client that did not
// ask for it.
func (p *phone) published(number int32, f strictjson.Value, text string) {
	switch {
	case !p.numbers[number].live && f.Get("state").Is("failed"):
		// the number was that of another registration, see TestCrossedTextIsAnsweredToItsRegistration
	case f.Get("type").Is("im_receipt"), f.Get("type").Is("im_setup") && f.Get("inbox").Exists():
		p.complain("%d: an extension: %s", number, text)
	case f.Get("type").Is("im_message"):
		for _, name := range []string{"id", "mid", "timestamp", "chat", "alt"} {
			if f.Get(name).Exists() {
				p.complain("%d: the extension %s: %s", number, name, text)
			}
		}
	}
}

// Ping implements signal.Endpoint.
func (p *phone) Ping(_ *signal.Turn, n uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pings = append(p.pings[:0], n)
}

// Unregistered implements signal.Endpoint.
func (p *phone) Unregistered(_ *signal.Turn, _, _ string) {}

// Name implements signal.Endpoint.
func (p *phone) Name() string { return p.name }

// Peer implements signal.Endpoint.
func (p *phone) Peer() trace.Peer { return trace.Peer{Conn: p.name} }

// empty fails the test unless the switch has forgotten everything: no call, no
// chat, no object, no timer, and books that balance.
func (w *world) empty(t testing.TB) {
	t.Helper()
	w.advance(time.Hour)
	if f := signal.FootprintOf(w.sw); f != (signal.Footprint{}) {
		t.Errorf("left behind: %+v", f)
	}
	if n := w.clock.pending(); n != 0 {
		t.Errorf("%d timers left behind", n)
	}
	for _, what := range []string{"registered", "live chat", "live media", "live other"} {
		if n := w.drops.of(what); n != 0 {
			t.Errorf("%s: %d", what, n)
		}
	}
	if len(w.sw.Calls()) != 0 || len(w.sw.Registrations()) != 0 {
		t.Errorf("still listed: %v %v", w.sw.Calls(), w.sw.Registrations())
	}
}

// guarded runs f and gives up loudly if it hangs: two locks wait for each other.
func guarded(t testing.TB, limit time.Duration, f func(ctx context.Context)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watch := time.AfterFunc(limit, func() { panic("the switch hangs") })
	defer watch.Stop()
	f(ctx)
}
