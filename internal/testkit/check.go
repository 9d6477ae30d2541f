package testkit

import (
	"path/filepath"
	"slices"
	"strings"
)

// Check judges a dialogue as it stands: placeholders are bound before they are
// used, steps fit to the header, and the call numbers live and die as the
// protocol says. The error joins a LineError for every finding.
func Check(d *Dialogue) error {
	c := &checker{
		d: d, errs: lineErrors{file: d.File},
		bound: map[string]bool{}, owner: map[string]string{},
		live: map[leg]bool{}, srcs: map[string]map[string]string{},
		unknown: strings.Contains(filepath.Base(d.File), "unknown"),
	}
	for s := range walk(d.Steps) {
		c.step(s)
	}
	return c.errs.join()
}

type checker struct {
	d       *Dialogue
	errs    lineErrors
	bound   map[string]bool
	owner   map[string]string            // name of a call number -> its device
	live    map[leg]bool                 // numbers in use
	srcs    map[string]map[string]string // device -> src of its Registers -> flags
	unknown bool                         // the file is about unknown numbers
}

// leg is a call number as written, on one device.
type leg struct{ device, number string }

func (c *checker) step(s *Step) {
	switch s.op {
	case opLet:
		for _, m := range bareName.FindAllStringSubmatch(s.text, -1) {
			c.use(s, strings.TrimRight(m[1], "."))
		}
		c.bound[s.name] = true
	case opCheck:
		c.use(s, s.name)
		if name, ok := strings.CutPrefix(s.text, "$"); ok {
			c.use(s, name)
		}
	case opMatch, opHTTP:
		c.use(s, s.name)
	case opClock:
		if !c.d.Needs.Clock {
			c.errs.add(s.Line, "clock without needs: clock")
		}
	case opConnect, opDrop, opPing, opPong:
		c.deviceStep(s)
	case opSend, opReceive, opOptional, opPass:
		c.frame(s)
	}
}

func (c *checker) use(s *Step, name string) {
	if !c.bound[name] {
		c.errs.add(s.Line, "$%s is not bound", name)
	}
}

func (c *checker) deviceStep(s *Step) {
	dev, _ := c.d.device(s.device)
	switch s.op {
	case opConnect:
		c.register(s.device, s.device, dev.Flags)
		if strings.Contains(dev.Flags, "IM_INBOX") {
			name := "inbox." + s.device
			c.bound[name], c.owner[name] = true, s.device
			c.live[leg{s.device, "$" + name}] = true
		}
	case opDrop:
		for l := range c.live {
			if l.device == s.device {
				delete(c.live, l)
			}
		}
	default:
		if !dev.HoldPong {
			c.errs.add(s.Line, "%s without pong=hold", s.Text)
		}
	}
}

func (c *checker) register(device, src, flags string) {
	if c.srcs[device] == nil {
		c.srcs[device] = map[string]string{}
	}
	c.srcs[device][src] = flags
}

func (c *checker) frame(s *Step) {
	if s.pattern == nil {
		return
	}
	c.placeholders(s, s.pattern)
	if s.pattern.kind != kindObject {
		return
	}
	switch {
	case s.pattern.get("mt").isString("Signaling"):
		c.signaling(s)
	case s.op == opSend && s.pattern.get("mt").isString("Register"):
		c.register(s.device, s.pattern.get("src").str(), s.pattern.get("flags").str())
	}
}

// placeholders looks at every string value that starts with "$".
func (c *checker) placeholders(s *Step, n *node) {
	for _, m := range n.members {
		if m.name != "!" {
			c.placeholders(s, m.value)
		}
	}
	for _, e := range n.elems {
		c.placeholders(s, e)
	}
	if !strings.HasPrefix(n.str(), "$") {
		return
	}
	if s.op == opSend {
		c.sent(s, n.text)
		return
	}
	c.received(s, n.text)
}

func (c *checker) sent(s *Step, hole string) {
	if name, _, _ := strings.Cut(hole[1:], ":"); name != "repeat" && !c.bound[hole[1:]] {
		c.errs.add(s.Line, "sends unbound %s", hole)
	}
}

func (c *checker) received(s *Step, hole string) {
	name, typ, typed := strings.Cut(hole[1:], ":")
	if slices.Contains(types, name) {
		if typed || name == "raw" {
			c.errs.add(s.Line, "type as name: %s", hole)
		}
		return
	}
	if typed && !slices.Contains(types, typ) {
		c.errs.add(s.Line, "unknown type: %s", hole)
	}
	if !typed && !c.bound[name] && s.op != opOptional {
		c.errs.add(s.Line, "binds without type: %s", hole)
	}
	c.bound[name] = true
}

// signaling follows the life of the call number of a frame.
func (c *checker) signaling(s *Step) {
	call := s.pattern.get("call")
	if call == nil {
		c.errs.add(s.Line, "Signaling without call")
		return
	}
	number, _, _ := strings.Cut(call.text, ":")
	l := leg{s.device, number}
	if s.op != opSend {
		c.receivedOn(s, number)
	}
	switch typ := s.pattern.get("sig").get("type").str(); {
	case typ == "rel":
		if s.op == opReceive && !c.live[l] && !c.unknown && strings.HasPrefix(number, "$") {
			c.errs.add(s.Line, "rel on a number that does not live: %s", number)
		}
		delete(c.live, l)
	case typ == "setup" && (s.op == opSend || strings.HasPrefix(number, "$")):
		c.live[l] = true
	case s.op == opReceive && !c.live[l] && !lateFailure(s.pattern.get("sig")):
		c.errs.add(s.Line, "%s on a number that does not live: %s", typ, number)
	}
}

// lateFailure says whether a message is the one that may come on a released
// number: the report that a text which crossed the release is lost.
func lateFailure(sig *node) bool {
	fty := sig.get("fty")
	if fty == nil || !sig.get("type").isString("facility") {
		return false
	}
	return !slices.ContainsFunc(fty.elems, func(f *node) bool {
		return !f.get("type").isString("im_receipt") || !f.get("state").isString("failed")
	})
}

// receivedOn checks what only the switch sends: whose number and src it is, and
// that a published client is asked for nothing of the extensions.
func (c *checker) receivedOn(s *Step, number string) {
	src := s.pattern.get("src").str()
	flags, registered := c.srcs[s.device][src]
	if !registered {
		c.errs.add(s.Line, "src %q is not of %s", src, s.device)
	}
	if name, ok := strings.CutPrefix(number, "$"); ok {
		if c.owner[name] == "" {
			c.owner[name] = s.device
		}
		if c.owner[name] != s.device {
			c.errs.add(s.Line, "number of another device: %s", number)
		}
	}
	if fty := s.pattern.get("sig").get("fty"); fty != nil && !extended(flags) {
		for _, f := range fty.elems {
			if what := extension(f); what != "" {
				c.errs.add(s.Line, "%s at a published client", what)
			}
		}
	}
}

// extended says whether the flags ask for identities and receipts.
func extended(flags string) bool {
	f := strings.Split(flags, "|")
	return slices.Contains(f, "IM_EXT") || slices.Contains(f, "IM_INBOX")
}

// extension names what a client without IM_EXT must not see of a facility, or
// returns "".
func extension(f *node) string {
	typ := f.get("type").str()
	switch typ {
	case "im_receipt":
		return typ
	case "im_setup":
		if f.get("inbox") != nil {
			return typ + ".inbox"
		}
	case "im_message":
		for _, name := range []string{"id", "mid", "timestamp", "chat", "alt"} {
			if f.get(name) != nil {
				return typ + "." + name
			}
		}
	}
	return ""
}
