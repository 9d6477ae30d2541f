package signal

import "runtime"

// Footprint is what a switch keeps in memory: what tests look at to find what
// was left behind.
type Footprint struct {
	Objects, Refs, Waiting, Chats, Calls int
	ChatCalls, ChatLegs, InboxStates     int
	Offers                               int // the most that one call of a chat remembers
}

// FootprintOf counts.
func FootprintOf(s *Switch) Footprint {
	s.mu.RLock()
	f := Footprint{Objects: len(s.objects), Chats: len(s.chats), Calls: len(s.calls)}
	for _, o := range s.objects {
		f.Refs += o.refs
		f.Waiting += len(o.waiting)
	}
	var chats []*Chat
	for _, c := range s.chats {
		chats = append(chats, c)
	}
	s.mu.RUnlock()
	for _, c := range chats {
		c.mu.Lock()
		f.ChatCalls += len(c.calls)
		f.InboxStates += len(c.inbox)
		for _, k := range c.calls {
			f.ChatLegs += len(k.legs)
			f.Offers = max(f.Offers, len(k.offers))
		}
		c.mu.Unlock()
	}
	return f
}

// Quiet waits until no group has anything to do.
func Quiet(s *Switch) {
	for {
		s.mu.RLock()
		busy := false
		for _, o := range s.objects {
			busy = busy || o.group != nil && !o.group.idle()
		}
		s.mu.RUnlock()
		if !busy {
			return
		}
		runtime.Gosched()
	}
}

// ConnFootprint is what a connection keeps.
type ConnFootprint struct {
	Regs, Legs, Released, Probes int
	ProbeOut                     bool
}

// FootprintOfConn counts.
func FootprintOfConn(c *Conn) ConnFootprint {
	c.mu.Lock()
	defer c.mu.Unlock()
	return ConnFootprint{
		Regs: len(c.regs), Legs: len(c.legs), Released: len(c.released),
		Probes: len(c.probes.waiting) + len(c.probes.flying), ProbeOut: c.probes.out,
	}
}

// SetLastNumber makes the next number of the switch on a connection n-1.
func SetLastNumber(c *Conn, n int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = n
}

// Constants that tests reach for.
const (
	MaxTexts    = maxTexts
	MaxPosts    = maxPosts
	MaxReleased = maxReleased
	MaxOffers   = maxOffers
	MaxEarly    = maxEarly
	MaxPart     = maxPart
	NumberRest  = numberRest
	WakeLimit   = wakeLimit
	IdleLimit   = idleLimit
	Unanswered  = unansweredLimit
	ChatMemory  = chatMemory
	OfferAgain  = offerAgain
)
