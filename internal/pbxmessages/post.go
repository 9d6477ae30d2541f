package pbxmessages

import (
	"slices"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/outbox"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// postLimit is how long the service may take for a post before it goes into the outbox
// (A4). maxFlying is how many posts may wait for one service: more go there too.
const (
	postLimit = 5 * time.Second
	maxFlying = 65_536
)

// conversation is a chat with posts that are outstanding, or rows in an outbox.
// Messages.mu guards it.
type conversation struct {
	key   conversationKey
	posts []*post // in their order; the first is the next whose result is told
	rows  int     // in all outboxes, also those that are not committed yet
}

// conversationKey names a conversation: two people, the lower one first, or a group.
type conversationKey [2]signal.Address

func keyOf(a, b signal.Address) conversationKey {
	switch {
	case a.Object < 0:
		return conversationKey{a}
	case b.Object < 0:
		return conversationKey{b}
	case b.Domain < a.Domain || b.Domain == a.Domain && b.Object < a.Object:
		return conversationKey{b, a}
	}
	return conversationKey{a, b}
}

// runner is who tells the switch of the conversation.
func (m *Messages) runner(k conversationKey) *runner {
	h := uint64(k[0].Object)*0x9e3779b97f4a7c15 ^ uint64(k[1].Object)*0xc2b2ae3d27d4eb4f ^ uint64(k[0].Domain)
	return &m.runners[h>>32%runners]
}

// post is a text that is being stored. Messages.mu guards what changes.
type post struct {
	text *signal.Post
	done func(t *signal.Turn, r signal.PostResult)
	conv *conversation

	postings []*posting
	open     int // of them without outcome
}

// posting is one Post message of a text, to one service. Messages.mu guards what
// changes.
type posting struct {
	post   *post
	svc    *service
	single bool   // the only one of its text
	raw    []byte // the message behind headRoom free bytes: ,"type":1 ... }
	token  uint64
	rowID  int64 // in the outbox; 0: it was never put there
	sent   time.Time
	state  state

	cause signal.Cause // where refused
	mid   int64        // where stored
	at    time.Time    // where stored or queued
	again bool         // it was stored before, or lay in the outbox
}

// state is what became of a posting.
type state uint8

const (
	flying  state = iota // sent, or about to be
	waiting              // on its way into the outbox
	queued               // in the outbox
	stored
	refused
)

// frameRoom is what a Post needs as a rule beside its text: names, guids, topics.
const frameRoom = 448

// headRoom is for {"mt":"Post","src":"p<token>".
const headRoom = 48

// Post implements signal.Archive.
func (m *Messages) Post(p *signal.Post, done func(t *signal.Turn, r signal.PostResult)) {
	x := &post{text: p, done: done}
	m.compose(x)
	m.mu.Lock()
	defer m.mu.Unlock()
	x.conv = m.conversation(keyOf(p.Author.Address, p.To.Address))
	x.conv.posts = append(x.conv.posts, x)
	x.open = len(x.postings)
	for _, y := range x.postings {
		m.place(y)
	}
	m.release(x.conv)
}

// conversation finds or makes it. The caller holds mu.
func (m *Messages) conversation(k conversationKey) *conversation {
	c := m.conversations[k]
	if c == nil {
		c = &conversation{key: k}
		m.conversations[k] = c
	}
	return c
}

// place sends a posting, or puts it into the outbox: where the link is down or behind,
// and where others of the conversation are there already. The caller holds mu.
func (m *Messages) place(y *posting) {
	l := &y.svc.lane
	if len(y.raw)+headRoom > y.svc.most() { // room for a timestamp included
		y.state, y.cause = refused, signal.CauseProtocolError
		y.post.open--
		return
	}
	if y.post.conv.rows > 0 || l.stalled || l.live >= maxFlying || !y.svc.post(y) {
		m.enqueue(y)
		return
	}
	y.sent = m.clock.Now()
	l.live++
	l.flying = append(l.flying, y)
	m.watch(y.svc)
}

// post sends a posting. False if the service cannot take it now. The caller holds
// Messages.mu.
func (s *service) post(y *posting) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return false
	}
	y.token = s.token(&ticket{kind: posted, posting: y})
	if s.conn.Send(withHead(y.raw, y.token)) != nil {
		delete(s.tickets, y.token)
		return false
	}
	return true
}

// withHead writes the beginning of a Post into the free bytes in front of it.
func withHead(raw []byte, token uint64) []byte {
	var buf [headRoom]byte
	head := appendToken(append(buf[:0], `{"mt":"Post","src":`...), token)
	raw = raw[headRoom-len(head):]
	copy(raw, head)
	return raw
}

// lane is what a service has to do with posts. Messages.mu guards it.
type lane struct {
	flying  []*posting // sent, the oldest first; those with an outcome stay until they are the first
	live    int        // of them without
	timer   clock.Timer
	stalled bool // it has not answered in time, and nothing since

	rows      int // in the outbox, also those that are not committed yet
	bytes     int64
	replaying bool // a goroutine empties the outbox
	news      bool // rows were committed that it may not have seen
	marks     map[markKey]signal.Mark
}

// trim takes what has an outcome from the front.
func (l *lane) trim() {
	n := 0
	for n < len(l.flying) && l.flying[n].state != flying {
		l.flying[n] = nil
		n++
	}
	l.flying = l.flying[n:]
	if len(l.flying) == 0 {
		l.flying = nil
	}
}

// watch has late looked at the oldest posting when its time is over. The caller holds
// mu.
func (m *Messages) watch(s *service) {
	if s.lane.timer == nil {
		s.lane.timer = m.clock.AfterFunc(postLimit, func() { m.late(s) })
	}
}

// late puts everything that a service has not answered into the outbox, if it has let
// the oldest wait for too long.
func (m *Messages) late(s *service) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := &s.lane
	l.timer = nil
	l.trim()
	if len(l.flying) == 0 {
		return
	}
	if left := l.flying[0].sent.Add(postLimit).Sub(m.clock.Now()); left > 0 {
		l.timer = m.clock.AfterFunc(left, func() { m.late(s) })
		return
	}
	l.stalled = true
	m.log.Warn("the Messages service does not store: its posts go into the outbox", "object", s.name(), "posts", l.live)
	m.ground(s)
}

// ground puts everything that flies into the outbox, in its order. What the service
// answers later is answered to nobody: the replay has the same key. The caller holds
// mu.
func (m *Messages) ground(s *service) {
	list := s.lane.flying
	s.lane.flying, s.lane.live = nil, 0
	for _, y := range list {
		if y.state == flying {
			s.drop(y.token)
			m.enqueue(y)
		}
	}
	for _, y := range list {
		m.release(y.post.conv)
	}
}

// drop forgets a token.
func (s *service) drop(token uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tickets, token)
}

// answered takes the result of a posting.
func (m *Messages) answered(y *posting, f *appservice.Frame) {
	r := readResult(f)
	m.mu.Lock()
	defer m.mu.Unlock()
	if y.state != flying {
		return
	}
	l := &y.svc.lane
	l.live--
	m.awake(y.svc)
	y.state, y.cause, y.mid, y.at, y.again = r.state, r.cause, r.mid, r.at, r.again
	y.post.open--
	l.trim()
	m.release(y.post.conv)
	if y.state == stored && y.post.text.OfReceiver {
		y.svc.poll(y.post.text.To.Address)
	}
}

// awake notes that the service answers. The caller holds mu.
func (m *Messages) awake(s *service) {
	if s.lane.stalled {
		s.lane.stalled = false
		m.log.Info("the Messages service stores again", "object", s.name())
	}
}

// result is what a PostResult says.
type result struct {
	state state
	cause signal.Cause
	mid   int64
	at    time.Time
	again bool
}

// readResult reads PostResult, or Error in its place (A4: cause 47 where none is said).
func readResult(f *appservice.Frame) result {
	failed, isBool := f.Get("error").Bool()
	if code, _ := number(f.Get("error")); f.MT == appservice.MTError || failed || !isBool && code != 0 {
		cause := signal.CauseResourceUnavailable
		if n, ok := number(f.Get("cau")); ok && n > 0 && n < 128 {
			cause = signal.Cause(n)
		}
		return result{state: refused, cause: cause}
	}
	r := result{state: stored}
	r.mid, _ = number(f.Get("id"))
	if at, ok := number(f.Get("timestamp")); ok && at > 0 {
		r.at = time.UnixMilli(at)
	}
	r.again, _ = f.Get("repeated").Bool()
	return r
}

// maxNumber is the highest number that goes on the wire (decision 9).
const maxNumber = 1<<53 - 1

// number reads an id: a number, or a string of digits (decision 9).
func number(v strictjson.Value) (int64, bool) {
	n, ok := v.Int64()
	if !ok && v.Kind() == strictjson.String {
		var err error
		n, err = strconv.ParseInt(v.String(), 10, 64)
		ok = err == nil
	}
	return n, ok && n >= 0 && n <= maxNumber
}

// release tells the results of the conversation that are next. The caller holds mu.
func (m *Messages) release(c *conversation) {
	r := m.runner(c.key)
	for len(c.posts) > 0 && c.posts[0].open == 0 {
		x := c.posts[0]
		c.posts[0], c.posts = nil, c.posts[1:]
		done, result := x.done, x.result()
		r.add(func(t *signal.Turn) { done(t, result) })
	}
	m.tidy(c)
}

// tidy forgets a conversation of which nothing is left. The caller holds mu.
func (m *Messages) tidy(c *conversation) {
	if len(c.posts) == 0 && c.rows == 0 {
		delete(m.conversations, c.key)
	}
}

// result is what the switch is told of a text whose postings all have an outcome.
func (x *post) result() signal.PostResult {
	r := signal.PostResult{Cause: signal.CauseResourceUnavailable, At: x.text.At}
	for _, y := range x.postings {
		switch {
		case y.state == queued:
			return signal.PostResult{Queued: true, Repeated: x.again(), At: y.at}
		case y.state == refused && len(x.postings) == 1:
			r.Cause = y.cause
		case y.state == stored:
			r.Cause, r.Repeated = 0, x.again()
			if y.single {
				r.MID = y.mid
			}
			if !y.at.IsZero() {
				r.At = y.at
			}
		}
	}
	return r
}

// again tells whether the text was taken before: one of those that keep it knows it.
func (x *post) again() bool {
	return slices.ContainsFunc(x.postings, func(y *posting) bool { return y.again })
}

// compose makes the postings of a text (A4): one for all where the service knows our
// extension, else, and where the sides have different services, one for each side.
func (m *Messages) compose(x *post) {
	p := x.text
	if p.To.Kind == signal.GroupChat {
		if s := m.serviceOfGroup(p.To.Address); s != nil && s.extended() {
			m.add(x, s, true, "")
		}
		return
	}
	var author, receiver *service
	if p.OfAuthor {
		author = m.at(p.Author.Address)
	}
	if p.OfReceiver && p.To.Address != p.Author.Address {
		receiver = m.at(p.To.Address)
	}
	if author != nil && author == receiver && author.extended() {
		m.add(x, author, true, p.Author.SIP, p.To.SIP)
		return
	}
	if author != nil {
		m.add(x, author, author.extended(), p.Author.SIP)
	}
	if receiver != nil {
		m.add(x, receiver, receiver.extended(), p.To.SIP)
	}
	if len(x.postings) > 1 {
		for _, y := range x.postings {
			y.single = false
		}
	}
}

// at is the service of somebody's Messages object. The licence was looked at by who
// asks.
func (m *Messages) at(a signal.Address) *service {
	to, ok := m.dir.MessagesOf(a)
	if !ok {
		return nil
	}
	return m.service(to)
}

// most is how long a message to the service may be.
func (s *service) most() int {
	if s.extended() {
		return appservice.MaxMessageLink
	}
	return appservice.MaxMessage
}

// extended tells whether the service knows our extension, as far as is known: one that
// was never connected is taken for ours.
func (s *service) extended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ext || !s.seen
}

// add makes a posting: of our extension, or as it is documented, with one topic.
func (m *Messages) add(x *post, s *service, ext bool, topics ...string) {
	p := x.text
	raw := make([]byte, headRoom, headRoom+frameRoom+len(p.HTML)+len(p.Data)+len(p.Alt)+len(p.Ext)+len(p.Attach))
	if ext {
		raw = m.appendPost(raw, p, topics)
	} else {
		raw = appendPublished(raw, p, topics[0])
	}
	x.postings = append(x.postings, &posting{post: x, svc: s, raw: raw, single: ext})
}

// appendPost writes a Post of our extension behind its mt and src.
func (m *Messages) appendPost(dst []byte, p *signal.Post, topics []string) []byte {
	dst = strictjson.AppendString(append(dst, `,"type":1,"author":`...), p.Author.SIP)
	dst = strictjson.AppendString(append(dst, `,"id":`...), p.ID)
	dst = append(dst, `,"people":[`...)
	dst = m.appendPerson(dst, &p.Author)
	if p.To.Kind == signal.GroupChat {
		dst = strictjson.AppendString(append(dst, `],"grp":`...), p.To.SIP)
	} else {
		if p.To.Address != p.Author.Address {
			dst = m.appendPerson(append(dst, ','), &p.To)
		}
		dst = append(dst, `],"topics":[`...)
		for i, topic := range topics {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = strictjson.AppendString(dst, topic)
		}
		dst = append(strictjson.AppendString(append(dst, `],"notify":[`...), p.To.SIP), ']')
	}
	dst = appendRaw(dst, `,"text":`, p.HTML)
	dst = appendRaw(dst, `,"mime":`, p.Mime)
	dst = appendRaw(dst, `,"data":`, p.Data)
	dst = appendRaw(dst, `,"alt":`, p.Alt)
	dst = appendRaw(dst, `,"attach":`, p.Attach)
	dst = appendRaw(dst, `,"ext":`, p.Ext)
	return append(dst, '}')
}

func (m *Messages) appendPerson(dst []byte, p *signal.Party) []byte {
	dst = strictjson.AppendString(append(dst, `{"sip":`...), p.SIP)
	if guid := m.dir.GUID(p.Address); guid != "" {
		dst = strictjson.AppendString(append(dst, `,"guid":`...), guid)
	}
	return append(strictjson.AppendString(append(dst, `,"dn":`...), p.Name), '}')
}

// appendPublished writes a Post as it is documented (4.6).
func appendPublished(dst []byte, p *signal.Post, topic string) []byte {
	dst = strictjson.AppendString(append(dst, `,"type":1,"author":`...), p.Author.SIP)
	dst = strictjson.AppendString(append(dst, `,"topic":`...), topic)
	dst = append(strictjson.AppendString(append(dst, `,"notify":[`...), p.To.SIP), ']')
	if p.HTML == nil {
		dst = append(dst, `,"text":""`...)
	}
	dst = appendRaw(dst, `,"text":`, p.HTML)
	dst = appendRaw(dst, `,"attach":`, p.Attach)
	return append(dst, '}')
}

// appendRaw writes a member that there is.
func appendRaw(dst []byte, name string, value []byte) []byte {
	if value == nil {
		return dst
	}
	return append(append(dst, name...), value...)
}

// row is the posting as it waits in the outbox.
func (y *posting) row(id int64) outbox.Row {
	p := y.post.text
	r := outbox.Row{
		ID: id, Text: y.textRow(id), Link: y.svc.address, Author: p.Author.Address.Object, Receiver: p.To.Address.Object,
		Key: p.ID, At: p.At, Single: y.single, Body: y.raw[headRoom:],
	}
	if p.To.Kind == signal.GroupChat {
		r.Group = p.To.SIP
	}
	return r
}

// textRow is the first row that the text got in the outbox of the service: this one,
// if it had none before.
func (y *posting) textRow(id int64) int64 {
	y.rowID = id
	for _, other := range y.post.postings {
		if other.svc == y.svc && other.rowID > 0 {
			id = min(id, other.rowID)
		}
	}
	return id
}

// String is the word for the state, in metrics.
func (s state) String() string {
	return [...]string{"flying", "waiting", "queued", "stored", "refused"}[s]
}
