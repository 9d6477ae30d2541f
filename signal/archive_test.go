package signal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
)

// archive is an archive in memory. It answers behind the turn that posts, unless it is
// told to hold; with the link down texts go into an outbox.
type archive struct {
	w *world

	mu         sync.Mutex // guards the following
	generation uint64
	not        map[signal.Address]bool // whose chats are not stored
	hold       bool
	down       bool
	limit      int // rows in the outbox; 0: no limit
	refuse     func(p *signal.Post) signal.Cause
	pending    []pendingPost
	rows       []row
	outbox     []*signal.Post
	marks      []signal.Mark
	groups     map[string]*signal.Group
	silent     map[signal.Address]bool // members who may not write
	slow       bool                    // groups are looked up, not known
	hasty      bool                    // and the answer is there before Group has returned
	lookups    []func(t *signal.Turn)
	unlicensed bool // for groups
	strict     bool // everything is stored: what clients see is held against it
	queued     map[string]bool
	taken      map[string]int // by author and id: how often a post was stored or queued
}

// took is how often the archive has taken an id of an author as a new text.
func (a *archive) took(author, id string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.taken[author+" "+id]
}

// has tells whether a text is stored under the number, or in the outbox. A mark that
// covers somebody's texts in a group has only the number.
func (a *archive) has(id string, mid int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if mid == 0 {
		return a.queued[id]
	}
	return slices.ContainsFunc(a.rows, func(r row) bool { return r.mid == mid && (id == "" || r.ID == id) })
}

type pendingPost struct {
	post *signal.Post
	done func(t *signal.Turn, r signal.PostResult)
}

type row struct {
	signal.Post
	mid int64
}

// newStored is a world with an archive that stores everybody's chats.
func newStored(t testing.TB, names ...string) *world {
	t.Helper()
	return newStoredWith(t, signal.Limits{}, names...)
}

func newStoredWith(t testing.TB, limits signal.Limits, names ...string) *world {
	t.Helper()
	w := newWorldWith(t, limits, names...)
	w.store = &archive{w: w, not: map[signal.Address]bool{}, groups: map[string]*signal.Group{}, silent: map[signal.Address]bool{}, queued: map[string]bool{}, taken: map[string]int{}}
	w.sw.SetArchive(w.store)
	return w
}

func (w *world) address(name string) signal.Address { return w.party(name).Address }

func (w *world) party(name string) signal.Party {
	w.t.Helper()
	p, ok := w.dir.Resolve(signal.Address{Domain: 1}, name, "")
	if !ok {
		w.t.Fatalf("nobody is called %s", name)
	}
	return p
}

func (a *archive) Generation() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.generation
}

func (a *archive) Stores(x signal.Address) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.not[x]
}

// license says whose chats are not stored.
func (a *archive) unlicense(names ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.not)
	for _, n := range names {
		a.not[a.w.address(n)] = true
	}
	a.generation++
}

const ownFiles = "https://files.example.com/example.com/messages/"

func (a *archive) Attaches(x signal.Address, url string) bool {
	return a.Stores(x) && strings.HasPrefix(url, ownFiles)
}

func (a *archive) Post(p *signal.Post, done func(t *signal.Turn, r signal.PostResult)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending = append(a.pending, pendingPost{p, done})
}

func (a *archive) Mark(m signal.Mark) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.marks = append(a.marks, m)
}

// echo hands the marks back as they came.
func (a *archive) echo() {
	a.mu.Lock()
	marks := a.marks
	a.marks = nil
	a.mu.Unlock()
	a.w.sw.Turn(func(t *signal.Turn) {
		for _, m := range marks {
			a.w.sw.Marked(t, m)
		}
	})
}

// marked takes the marks that came, in short.
func (a *archive) marked() []string {
	signal.Quiet(a.w.sw)
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, m := range a.marks {
		out = append(out, fmt.Sprintf("%s of %s: %s %d%s", m.Reader.SIP, m.Peer.SIP, m.State, m.MID, m.ID))
	}
	a.marks = nil
	return out
}

func (a *archive) Group(asker signal.Address, sip string, ready func(*signal.Turn, signal.Group, signal.Cause)) (signal.Group, signal.Cause, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	find := func() (signal.Group, signal.Cause) {
		g := a.groups[strings.ToLower(sip)]
		switch {
		case a.unlicensed:
			return signal.Group{}, signal.CauseNotSubscribed
		case g == nil || !slices.Contains(g.Members, asker):
			return signal.Group{}, signal.CauseUnallocated
		}
		return *g, 0
	}
	if !a.slow {
		g, cause := find()
		return g, cause, true
	}
	if a.hasty {
		answered := make(chan struct{})
		g, cause := find()
		go func() {
			defer close(answered)
			signal.RunTurn(context.Background(), func(t *signal.Turn) { ready(t, g, cause) })
		}()
		<-answered
	} else {
		a.lookups = append(a.lookups, func(t *signal.Turn) {
			a.mu.Lock()
			g, cause := find()
			a.mu.Unlock()
			ready(t, g, cause)
		})
	}
	var n int64
	_, _ = fmt.Sscanf(sip[strings.Index(sip, "?g"):], "?g%d", &n)
	return signal.Group{Party: signal.Party{Address: groupAddress(n)}}, 0, false
}

// lookUp answers all questions for groups.
func (a *archive) lookUp() {
	a.mu.Lock()
	all := a.lookups
	a.lookups = nil
	a.mu.Unlock()
	a.w.sw.Turn(func(t *signal.Turn) {
		for _, f := range all {
			f(t)
		}
	})
	a.settle()
}

func (a *archive) Members(g signal.Address) []signal.Address {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.groups {
		if x.Address == g {
			return slices.Clone(x.Members)
		}
	}
	return nil
}

func groupAddress(n int64) signal.Address {
	return signal.Address{Domain: 1, Object: signal.ObjectID(-n)}
}

// group makes or changes a group and tells the switch.
func (a *archive) group(n int64, dn string, members ...string) signal.Group {
	g := signal.Group{Party: signal.Party{Address: groupAddress(n), SIP: fmt.Sprintf("messages?g%d", n), Name: dn, Kind: signal.GroupChat}}
	for _, m := range members {
		g.Members = append(g.Members, a.w.address(m))
	}
	a.mu.Lock()
	a.groups[g.SIP] = &g
	if len(members) == 0 {
		delete(a.groups, g.SIP)
	}
	a.mu.Unlock()
	a.w.turn(func(t *signal.Turn) { a.w.sw.GroupChanged(t, g) })
	return g
}

// settle answers what waits, unless results are held.
func (a *archive) settle() {
	for {
		a.mu.Lock()
		n := len(a.pending)
		if a.hold {
			n = 0
		}
		a.mu.Unlock()
		if n == 0 {
			return
		}
		a.answer(n)
	}
}

// answer answers the oldest posts, whatever is held.
func (a *archive) answer(n int) {
	a.mu.Lock()
	n = min(n, len(a.pending))
	some := slices.Clone(a.pending[:n])
	a.pending = a.pending[n:]
	a.mu.Unlock()
	a.w.sw.Turn(func(t *signal.Turn) {
		for _, p := range some {
			p.done(t, a.result(p.post))
		}
	})
}

// answerTo answers the oldest post to somebody: conversations are independent.
func (a *archive) answerTo(name string) {
	a.mu.Lock()
	i := slices.IndexFunc(a.pending, func(p pendingPost) bool { return p.post.To.SIP == name })
	if i < 0 {
		a.mu.Unlock()
		return
	}
	p := a.pending[i]
	a.pending = slices.Delete(a.pending, i, i+1)
	a.mu.Unlock()
	a.w.sw.Turn(func(t *signal.Turn) { p.done(t, a.result(p.post)) })
}

// result stores a post.
func (a *archive) result(p *signal.Post) signal.PostResult {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down {
		for _, first := range a.outbox {
			if first.Author.Address == p.Author.Address && first.ID == p.ID {
				return signal.PostResult{Queued: true, Repeated: true, At: first.At}
			}
		}
		if a.limit > 0 && len(a.outbox) >= a.limit {
			return signal.PostResult{Cause: signal.CauseCongestion}
		}
		a.outbox = append(a.outbox, p)
		a.queued[p.ID] = true
		a.taken[p.Author.SIP+" "+p.ID]++
		return signal.PostResult{Queued: true, At: p.At}
	}
	r := a.enter(p)
	if r.Cause == 0 && !r.Repeated {
		a.taken[p.Author.SIP+" "+p.ID]++
	}
	return r
}

// enter stores a post; the lock is held.
func (a *archive) enter(p *signal.Post) signal.PostResult {
	for _, r := range a.rows {
		if r.Author.Address == p.Author.Address && r.ID == p.ID {
			return signal.PostResult{Repeated: true, MID: r.mid, At: r.At}
		}
	}
	if a.refuse != nil {
		if cause := a.refuse(p); cause != 0 {
			return signal.PostResult{Cause: cause}
		}
	}
	switch g := a.groups[p.To.SIP]; {
	case p.To.Kind == signal.GroupChat && (g == nil || !slices.Contains(g.Members, p.Author.Address)):
		return signal.PostResult{Cause: signal.CauseUnallocated}
	case a.silent[p.Author.Address]:
		return signal.PostResult{Cause: signal.CauseNotAuthorised}
	}
	mid := int64(100 + len(a.rows))
	a.rows = append(a.rows, row{*p, mid})
	return signal.PostResult{MID: mid, At: p.At.Add(7 * time.Millisecond)}
}

// up brings the link back and replays the outbox.
func (a *archive) up() {
	a.mu.Lock()
	a.down = false
	rows := a.outbox
	a.outbox = nil
	var late []signal.Stored
	for _, p := range rows {
		r := a.enter(p)
		late = append(late, signal.Stored{Author: p.Author, To: p.To, ID: p.ID, Cause: r.Cause, MID: r.MID, At: r.At})
	}
	a.mu.Unlock()
	a.w.sw.Turn(func(t *signal.Turn) {
		for _, s := range late {
			a.w.sw.Stored(t, s)
		}
	})
}

// texts lists what is stored: "alice>bob hi".
func (a *archive) texts() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, r := range a.rows {
		out = append(out, fmt.Sprintf("%s>%s %s", r.Author.SIP, r.To.SIP, strings.Trim(string(r.HTML), `"`)))
	}
	return out
}

// inbox is a device with an answered inbox.
func (w *world) inbox(name string) *device {
	d := w.connect(name, "IM_INBOX")
	d.say(-1, `{"type":"conn","channel":0}`)
	d.got()
	return d
}

// inChat writes on an inbox.
func (d *device) inChat(chat, members string) {
	d.say(-1, `{"type":"facility","fty":[{"type":"im_message","chat":"`+chat+`",`+members+`}]}`)
}
