package signal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// script is a random sequence of what several devices do.
type script struct {
	t      testing.TB
	w      *world
	data   []byte
	phones []*phone
	owners []string
	count  int
	late   func(arg int) // what happens to stored chats
}

var scriptPeople = []string{"alice", "bob", "carol", "bot!"}

// called are the people, and a hunt group of them.
var called = append(slices.Clone(scriptPeople), "team")

// scriptWorld has the people, the group, and diversions between them.
func scriptWorld(t testing.TB) *world {
	w := newWorld(t, called...)
	w.dir.group("team", "alice", "bob", "carol", "bot")
	w.dir.handle("bob", signal.Handling{Busy: signal.Target{SIP: "carol"}})
	w.dir.handle("carol", signal.Handling{NoAnswer: signal.Target{Num: "105"}})
	w.dir.handle("team", signal.Handling{NoAnswer: signal.Target{SIP: "alice"}, Busy: signal.Target{SIP: "bob"}})
	return w
}

// FuzzSession: whatever devices do, in whatever order, every client sees what
// phone checks, and nothing is left behind in the end.
func FuzzSession(f *testing.F) {
	f.Add([]byte("\x00\x00\x02\x00\x01\x01\x20\x00\x01\x00\x31\x00\x04\x00\x00\x04\x01\x00\x05\x00\x00"))
	f.Add([]byte("\x00\x00\x06\x00\x01\x06\x00\x02\x00\x04\x00\x00\x04\x00\x10\x07\x05\x06\x01"))
	f.Add([]byte(strings.Repeat("\x00\x03\x00\x00\x07\x01\x02\x00\x33\x04\x00\x21\x07\x03\x09\x01\x06\x02", 12)))
	f.Add([]byte(strings.Repeat("\x02\x00\x12\x03\x01\x00\x08\x00\x05\x04\x01\x09\x0a\x02\x05\x02\x01\x01\x02\x05", 12)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 2000 {
			return
		}
		guarded(t, 20*time.Second, func(context.Context) { newScript(t, data).run() })
	})
}

// TestRandomSessions runs long random scripts: the fuzzer prefers short ones.
func TestRandomSessions(t *testing.T) {
	scripts := 120
	if testing.Short() {
		scripts = 30
	}
	for seed := range scripts {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		data := make([]byte, 200+r.IntN(3000))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		guarded(t, 20*time.Second, func(context.Context) { newScript(t, data).run() })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func newScript(t testing.TB, data []byte) *script {
	return &script{t: t, w: scriptWorld(t), data: data, phones: make([]*phone, 8), owners: make([]string, 8)}
}

func (s *script) next() int {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return int(b)
}

func (s *script) run() {
	for len(s.data) > 0 && !s.t.Failed() {
		s.step(s.next())
		if s.late != nil {
			s.late(s.next())
		}
		for _, p := range s.phones {
			if p != nil {
				p.check(s.t)
			}
		}
	}
	for i := range s.phones {
		s.drop(i)
	}
	if s.late != nil {
		s.late(-1)
	}
	s.w.empty(s.t)
}

// step does one thing.
func (s *script) step(op int) {
	i := s.next() % len(s.phones)
	p := s.phones[i]
	if p == nil {
		s.connect(i)
		return
	}
	arg := s.next()
	switch op % 12 {
	case 0, 1:
		s.register(p, s.owners[i], arg)
	case 2:
		s.setup(p, arg)
	case 3:
		p.say("r0", s.number(p, arg), `{"type":"conn","channel":0}`)
	case 4, 5:
		s.text(p, arg)
	case 6:
		p.say("r0", s.number(p, arg), fmt.Sprintf(`{"type":"rel","cau":{"num":%d}}`, []int{16, 21, 26, 17, 0}[arg%5]))
	case 7:
		s.w.advance([]time.Duration{0, time.Millisecond, time.Second, 4 * time.Second, 8 * time.Second, 31 * time.Second, 61 * time.Second, 181 * time.Second, 16 * time.Minute}[arg%9])
	case 8:
		p.say("r0", s.number(p, arg/16), others[arg%len(others)])
	case 9:
		p.pong(arg%7 == 0)
	case 10:
		s.outside(arg)
	case 11:
		if arg%4 == 0 {
			s.drop(i)
		}
	}
}

var scriptFlags = []string{"", "NO_MEDIA_CALL", "IM_EXT", "IM_INBOX", "IM_EXT|NO_MEDIA_CALL", "IM_INBOX|NO_MEDIA_CALL|SDP"}

func (s *script) connect(i int) {
	s.owners[i] = strings.TrimSuffix(scriptPeople[i%len(scriptPeople)], "!")
	s.phones[i] = s.w.phone(fmt.Sprintf("%s.%d", s.owners[i], i))
	_ = s.phones[i].register(s.owners[i], "r0", scriptFlags[s.next()%len(scriptFlags)], "")
}

func (s *script) register(p *phone, who string, arg int) {
	src := fmt.Sprintf("r%d", arg%3)
	_ = p.register(who, src, scriptFlags[arg/4%len(scriptFlags)], []string{"", "phone", "phone-single", "unknown"}[arg/32%4])
}

func (s *script) drop(i int) {
	if p := s.phones[i]; p != nil {
		p.lose()
		p.check(s.t)
		if f := signal.FootprintOfConn(p.conn); f.Regs != 0 || f.Legs != 0 {
			s.t.Errorf("%s keeps %+v", p.name, f)
		}
		s.phones[i] = nil
	}
}

// number picks a live number, or one that is none.
func (s *script) number(p *phone, arg int) int32 {
	live := p.live()
	if arg%16 == 15 || len(live) == 0 {
		return []int32{0, 1, 99, -1, -99, -1 << 31}[arg/16%6]
	}
	return live[arg%len(live)]
}

// callable are the names that a script uses.
func (s *script) callable() []string {
	if s.w.store != nil {
		return append(slices.Clone(called), team)
	}
	return slices.Clone(called)
}

func (s *script) setup(p *phone, arg int) {
	peer := append(s.callable(), "nobody")[arg%(len(s.callable())+1)]
	peer = strings.TrimSuffix(peer, "!")
	number := int32(arg/6%7 + 1)
	for _, n := range p.live() {
		if n == number { // a setup on a live number is passed over
			p.say("r0", number, `{"type":"setup"`+`,"cd":{"sip":"`+peer+`"}}`)
			return
		}
	}
	p.say("r"+fmt.Sprint(arg%3), number, strings.ReplaceAll(setups[s.next()%len(setups)], "PEER", peer))
}

var setups = []string{
	`{"type":"setup","channel":0,"complete":true,"cd":{"sip":"PEER"},"fty":[{"type":"im_setup"}]}`,
	`{"type":"setup","bc":"a880","channel":0,"complete":true,"cd":{"sip":"PEER","flags":"U"},"fty":[{"type":"im_setup","inbox":true,"x":1}]}`,
	`{"type":"setup","channel":-1,"complete":true,"cd":{"sip":"PEER"},"channels_cmd":"PROPOSAL","channels":{"a":[1]}}`,
	`{"type":"setup","channel":0,"complete":true,"cd":{"sip":"PEER"},"fty":[{"type":"mwi_activate"}]}`,
	`{"type":"setup","channel":-1,"cd":{"num":"10"}}`,
	`{"type":"setup","channel":0,"cd":{"num":"10"},"fty":[{"type":"im_setup"}]}`,
	`{"type":"setup","channel":0,"cd":{"num":"102"},"fty":[{"type":"cli_override"},{"type":"im_setup"}]}`,
	`{"type":"setup","channel":0,"complete":true,"cd":{"sip":"PEER"},"fty":[{"type":"presence_publish"}]}`,
	`{"type":"setup","cd":{}}`,
	`{"type":"setup","cd":{"sip":"PEER","sip":"bob"},"fty":[{"type":"im_setup"}]}`,
	`{"type":"setup","cd":{"sip":5},"channel":"0"}`,
	`{"type":"setup","channel":0,"complete":true,"cd":{"sip":"PEER"},"fty":[{"type":"im_setup"}],"FTY":[],"Cd":1,"x":{"type":1,"Type":2}}`,
}

var others = []string{
	`{"type":"call_proc"}`, `{"type":"alert","fty":[{"type":"call_waiting"}]}`, `{"type":"progress","inband_info":true}`,
	`{"type":"channels","channels_cmd":"SELECT","channels":{}}`, `{"type":"user_info","uui":"x"}`, `{"type":"media_info"}`,
	`{"type":"info","cd":{"num":"2"}}`, `{"type":"info","complete":true}`, `{"type":"setup_ack"}`, `{"type":"disc","cau":{"num":"17"}}`,
	`{"type":"facility","fty":[{"type":"hold_notify"},{"type":"x"},{"type":"ct_complete"}]}`, `{"type":"accept"}`, `{"type":"wonder"}`,
	`{"type":"facility","fty":[]}`, `{"type":"facility","fty":{}}`, `{"type":5}`, `{"type":"rel","type":"conn"}`, `[]`, `{}`,
	`{"type":"conn","channel":-1,"channels":{"b":2},"fty":[{"type":"name_identification","name":"Eve"}]}`,
	`{"type":"rel","cau":"x","uui":"y","fty":[{"type":"x"}]}`, `{"type":"facility","fty":[{"type":"im_message"}]}`,
	`{"type":"facility","fty":[5]}`, `{"type":"conn","channel":0}`,
}

// text writes something in a chat.
func (s *script) text(p *phone, arg int) {
	s.count++
	chat := strings.TrimSuffix(s.callable()[arg/16%len(s.callable())], "!")
	number := s.number(p, s.next())
	once := fmt.Sprint("once-", s.count)
	if p.hunting(number) {
		once += fmt.Sprint("-on-", number)
	}
	members := strings.NewReplacer("CHAT", chat, "once-N", once, "N", fmt.Sprint(s.count), "PREV", fmt.Sprint(s.count-1)).Replace(texts[arg%len(texts)])
	p.say("r0", number, `{"type":"facility","fty":[`+members+`]}`)
}

var texts = []string{
	`{"type":"im_message","chat":"CHAT","id":"idN","data":"once-N"}`,
	`{"type":"im_message","chat":"CHAT","data":"once-N"}`,
	`{"type":"im_message","chat":"CHAT","id":"idPREV","data":"again"}`,
	`{"type":"im_message","chat":"CHAT","typing":true}`, `{"type":"im_message","chat":"CHAT","typing":false}`,
	`{"type":"im_message","chat":"CHAT","id":"idN","data":"part","more":true}`,
	`{"type":"im_message","chat":"CHAT","data":"` + strings.Repeat("<b>0123456789</b>", 700) + `","more":true}`,
	`{"type":"im_message","chat":"CHAT","id":"idN","mime":"application/json","data":"{}","alt":"once-N"}`,
	`{"type":"im_message","chat":"CHAT","mime":"TEXT/Plain; x","data":"a < b & c"}`,
	`{"type":"im_receipt","chat":"CHAT","id":"idPREV","state":"read"}`,
	`{"type":"im_receipt","chat":"CHAT","id":"idPREV","state":"delivered"},{"type":"im_message","chat":"CHAT","data":"once-N"}`,
	`{"type":"im_message","chat":"CHAT","id":"idN","data":"<script>x</script>"}`,
	`{"type":"im_message","chat":"nobody","id":"idN","data":"x"}`, `{"type":"im_message","id":5,"data":{}}`,
	`{"type":"im_message","chat":"CHAT","id":"idN","data":"x","attach":"http%3A%2F%2Fevil"}`,
	`{"type":"im_message","chat":"CHAT","id":"idN","data":"x","data":"y"}`,
	`{"type":"im_message","chat":"CHAT","data":"once-N","Data":"x","sender":"eve","x":{"ID":1}},{"type":"x"},{"type":"im_receipt","state":"sent","id":"x"}`,
	`{"type":"im_message","chat":"CHAT","id":"idN","data":"` + strings.Repeat("x", 50<<10) + `"}`,
}

// outside is what happens beside the devices.
func (s *script) outside(arg int) {
	switch arg % 8 {
	case 0:
		s.w.waker.mu.Lock()
		s.w.waker.live = !s.w.waker.live
		s.w.waker.mu.Unlock()
	case 1:
		a := s.w.dir.rename("carol", "carol", fmt.Sprintf("Carol <%d>", arg))
		s.w.sw.ObjectChanged(a)
	case 2:
		s.w.sw.ObjectChanged(s.w.dir.disable("carol"))
	case 3:
		if arg > 250 {
			s.w.sw.Close()
		}
	}
}
