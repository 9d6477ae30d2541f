package hostile_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/edge"
)

// small limits, so that a client that does not read is noticed soon.
var tight = options{
	smallBuffers: true,
	doors:        edge.Limits{Queue: 256 << 10, Credit: 16 << 10, SlowAfter: 5 * time.Second},
}

// tap is a socket between a client and the switch that can be stopped: it loses
// what it does not forward, without a word.
type tap struct {
	addr    string
	stopped atomic.Bool
}

// tapped makes a tap in front of the machine.
func (m *machine) tapped(t *testing.T) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{addr: l.Addr().String()}
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", m.addr)
		if err != nil {
			_ = near.Close()
			return
		}
		done := make(chan struct{}, 2)
		go p.forward(far, near, done)
		go p.forward(near, far, done)
		<-done
		_, _ = near.Close(), far.Close()
		<-done
	}()
	return p
}

// forward copies until the end. Once stopped it still reads, and drops.
func (p *tap) forward(to, from net.Conn, done chan<- struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !p.stopped.Load() {
			_, _ = to.Write(buf[:n])
		}
		if err != nil {
			done <- struct{}{}
			return
		}
	}
}

// TestHalfOpenSocket: a socket that is cut without a word ends after 90 s of
// silence; its peer is told with 41, its registration is gone.
func TestHalfOpenSocket(t *testing.T) {
	m := start(t, options{})
	b := m.bystanders(t)
	p := m.tapped(t)
	conn, err := net.Dial("tcp", p.addr)
	m.must(err)
	eve := m.upgrade(t, conn, appsDoor, home)
	eve.login("eve", home)
	eve.register("")
	victim := m.user(t, "victim", "")
	number := eve.chat(1, victim)
	before := m.drops("silent")
	p.stopped.Store(true)
	for range 8 { // the clock runs for everybody: the others answer their pings
		m.clock.Advance(15 * time.Second)
		b.wait(2)
		victim.settle()
		if m.drops("silent") > before {
			break
		}
	}
	m.counted(t, "silent", before, 1)
	if !eventually(func() bool { return m.sample("pbx_registrations") == 3 }) {
		t.Errorf("%v registrations are left", m.sample("pbx_registrations"))
	}
	if c := victim.untilRel(number); c != 41 {
		t.Errorf("the peer got rel %d", c)
	}
	again := m.user(t, "mallory", "")
	again.signaling(1, fmt.Sprintf(chatSetup, "eve"))
	if c := again.untilRel(1); c != 20 {
		t.Errorf("a call to who has gone: rel %d", c)
	}
}

// stuckDevice is a device that reads nothing from now on, in a chat with eve, whose
// other device reads everything.
func stuckDevice(t *testing.T, m *machine) (eve, healthy, stuck *client) {
	t.Helper()
	conn, err := net.Dial("tcp", m.addr)
	m.must(err)
	m.must(conn.(*net.TCPConn).SetReadBuffer(4 << 10))
	stuck = m.upgrade(t, conn, appsDoor, home)
	stuck.login("victim", home)
	stuck.register("")
	healthy = m.user(t, "victim", "")
	eve = m.user(t, "eve", "")
	eve.chat(1, healthy)
	return eve, healthy, stuck
}

// TestClientThatNeverReads: its queue is bounded, its sender is held and released
// when it is closed as slow, and every text reaches the device at its side.
func TestClientThatNeverReads(t *testing.T) {
	const texts = 1500
	m := start(t, tight)
	m.bystanders(t)
	eve, healthy, _ := stuckDevice(t, m)
	before, holds := m.drops("slow"), m.sample("pbx_holds_total")
	wrote := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < texts && err == nil; i++ {
			err = eve.frame(true, opText, fmt.Appendf(nil, `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"facility","fty":[%s]}}`,
				text(fmt.Sprintf("%d:%s", i, strings.Repeat("x", 1000)))))
		}
		wrote <- err
	}()
	longest := 0.0
	for i := range texts {
		if i%50 == 0 { // the clock hardly moves but for this
			longest = max(longest, m.sample("pbx_queue_longest_bytes"))
			m.clock.Advance(time.Second)
		}
		got := healthy.untilText()
		if n, _, _ := strings.Cut(got.str("sig.fty.0.data"), ":"); n != fmt.Sprint(i) {
			t.Fatalf("text %s, want %d", n, i)
		}
	}
	if err := <-wrote; err != nil {
		t.Errorf("the sender was cut: %v", err)
	}
	m.counted(t, "slow", before, 1)
	if n := m.sample("pbx_slow_closes_total"); n != 1 {
		t.Errorf("%v clients were closed as slow", n)
	}
	if n := m.sample("pbx_holds_total") - holds; n < 1 {
		t.Error("the sender was never held")
	}
	if longest > 256<<10 {
		t.Errorf("%v bytes were queued", longest)
	}
	eve.settle()
}

// TestFloodOfTexts: who sends more than the other reads is held; nothing is lost,
// nobody is closed, and the receiver's other chats go on.
func TestFloodOfTexts(t *testing.T) {
	const texts = 1500
	m := start(t, options{smallBuffers: true, doors: edge.Limits{Queue: 256 << 10, Credit: 16 << 10}})
	m.bystanders(t)
	eve, victim := m.user(t, "eve", ""), m.user(t, "victim", "")
	eve.chat(1, victim)
	mallory := m.user(t, "mallory", "")
	mallory.chat(1, victim)
	wrote := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < texts && err == nil; i++ {
			err = eve.frame(true, opText, fmt.Appendf(nil, `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"facility","fty":[%s]}}`,
				text(fmt.Sprintf("%d:%s", i, strings.Repeat("x", 1000)))))
		}
		wrote <- err
	}()
	if !eventually(func() bool { return m.sample("pbx_queue_longest_bytes") > 64<<10 }) {
		t.Error("there is no pressure")
	}
	mallory.facility(1, text("in between"))
	seen := false
	for i := 0; i < texts; {
		got := victim.untilText()
		if got.str("sig.fty.0.sender") == "mallory" {
			seen = true
			continue
		}
		if n, _, _ := strings.Cut(got.str("sig.fty.0.data"), ":"); n != fmt.Sprint(i) {
			t.Fatalf("text %s, want %d", n, i)
		}
		i++
	}
	if err := <-wrote; err != nil {
		t.Errorf("the sender was cut: %v", err)
	}
	if !seen {
		victim.untilText()
	}
	if n := m.drops("slow"); n != 0 {
		t.Errorf("%v clients were closed as slow", n)
	}
	if n := m.sample("pbx_holds_total"); n < 1 {
		t.Error("the sender was never held")
	}
	eve.settle()
	mallory.settle()
}

// TestSlowReaderFreezesNobody: a client that takes a byte now and then is not slow
// by the letter. Its accomplices fill its queue; an innocent one who answers it
// must be heard by others all the same.
func TestSlowReaderFreezesNobody(t *testing.T) {
	limits := tight
	limits.doors.Queue, limits.doors.Credit = 512<<10, 40<<10 // room for what all have under way
	limits.doors.SlowAfter = time.Hour                        // not the subject: the clock runs faster than the socket
	m := start(t, limits)
	before := m.drops("slow")
	m.bystanders(t)
	conn, err := net.Dial("tcp", m.addr)
	m.must(err)
	m.must(conn.(*net.TCPConn).SetReadBuffer(4 << 10))
	eve := m.upgrade(t, conn, appsDoor, home)
	eve.login("eve", home)
	eve.register("")
	victim := m.user(t, "victim", "")
	victim.chat(1, eve)
	var accomplices []*client
	for range 4 {
		mallory := m.user(t, "mallory", "")
		mallory.chat(1, eve)
		accomplices = append(accomplices, mallory)
	}
	big := fmt.Appendf(nil, `{"api":"PbxSignal","mt":"Signaling","call":1,"sig":{"type":"facility","fty":[%s]}}`, text(strings.Repeat("x", 10000)))
	for _, a := range accomplices {
		go func() {
			for a.frame(true, opText, big) == nil { // the end of the test cuts it
			}
		}()
	}
	if !eventually(func() bool { return m.sample("pbx_queue_longest_bytes") > 384<<10 }) {
		t.Fatal("there is no pressure")
	}
	victim.facility(1, text("hello"))
	answered := make(chan error, 1)
	go func() { // the first one may be read in one go with the text
		var err error
		for i := 0; i < 2 && err == nil; i++ {
			if err = victim.frame(true, opText, []byte(`{"mt":"KeepAlive","src":"free"}`)); err == nil {
				_, err = victim.read()
			}
		}
		answered <- err
	}()
	// eve reads a little again and again: its socket takes bytes all the time
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 60 { // a close takes a second of real time
		select {
		case err := <-answered:
			if err != nil {
				t.Error(err)
			}
			answered = nil
		case <-tick.C:
			_, _ = io.CopyN(io.Discard, eve.conn, 256)
			_ = eve.frame(true, opPong, nil)
			m.clock.Advance(6 * time.Second)
		}
		if answered == nil && m.drops("slow") == before+1 {
			return
		}
	}
	t.Error("the victim is held for as long as eve likes")
}
