package testkit

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// watch judges every frame that a connection receives by the rules that hold
// in every dialogue ("Checked in every received frame"). It lives as long as
// the connection.
type watch struct {
	never []string // lower case
	now   func() time.Time

	mu        sync.Mutex         // guards the following
	registers map[string]string  // src of each Register as written, "" = none -> flags
	numbers   map[int64]*callNum // call numbers used on this connection
}

// callNum is the life of one call number.
type callNum struct {
	live     bool
	answered bool      // a rel has been received on it, and no setup since
	released time.Time // when live ended
}

// reuse is the time in which the switch must not use a number again. The rule
// says 60 s by the clock of the switch; we saw the release a little later.
const reuse = 59 * time.Second

func newWatch(never []string, now func() time.Time) *watch {
	w := &watch{now: now, registers: map[string]string{}, numbers: map[int64]*callNum{}}
	for _, word := range never {
		w.never = append(w.never, strings.ToLower(word))
	}
	return w
}

// sent takes note of a frame that the client sends.
func (w *watch) sent(raw []byte) {
	n, err := parseJSON(raw)
	if err != nil || n.kind != kindObject {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n.get("mt").str() {
	case "Register":
		w.registers[token(n.get("src"))] = n.get("flags").str()
	case "Signaling":
		w.sentSignaling(n)
	}
}

func (w *watch) sentSignaling(n *node) {
	call, ok := integer(n.get("call"))
	if !ok {
		return
	}
	switch n.get("sig").get("type").str() {
	case "setup":
		w.numbers[call] = &callNum{live: true}
	case "rel":
		w.release(call)
	}
}

// release ends the life of a number. It returns its entry.
func (w *watch) release(call int64) *callNum {
	c := w.numbers[call]
	if c == nil {
		c = &callNum{}
		w.numbers[call] = c
	}
	if c.live || c.released.IsZero() {
		c.live, c.released = false, w.now()
	}
	return c
}

// token is a value as written, "" for an absent one.
func token(n *node) string {
	if n == nil {
		return ""
	}
	return string(n.raw)
}

// received judges a frame. It returns the parsed frame if it is JSON at all,
// and everything that is wrong with it.
func (w *watch) received(raw []byte) (*node, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("the frame is not UTF-8")
	}
	n, err := parseJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("the frame is %w", err)
	}
	if n.kind != kindObject {
		return n, errors.New("the frame is not an object")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return n, errors.Join(twoParsers(n, raw), doubles(n, ""), w.words(n, raw), w.signaling(n))
}

// twoParsers reads the frame as two kinds of parsers do and compares.
func twoParsers(n *node, raw []byte) error {
	last, err := lastWins(raw)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(firstWins(n), last) {
		return errors.New("two parsers read the frame differently")
	}
	return nil
}

// doubles finds names that stand twice in one object, or differ only in case.
func doubles(n *node, path string) error {
	for i, m := range n.members {
		for _, o := range n.members[:i] {
			if o.name == m.name {
				return fmt.Errorf("member %s stands there twice", place(path+"."+m.name))
			}
			if strings.EqualFold(o.name, m.name) {
				return fmt.Errorf("members %s and %s differ only in case", place(path+"."+o.name), m.name)
			}
		}
		if err := doubles(m.value, path+"."+m.name); err != nil {
			return err
		}
	}
	for i, e := range n.elems {
		if err := doubles(e, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

// words looks for forbidden words in the bytes and, against escapes, in every
// string.
func (w *watch) words(n *node, raw []byte) error {
	for _, word := range w.never {
		found := strings.Contains(strings.ToLower(string(raw)), word)
		n.strings(func(s string) { found = found || strings.Contains(strings.ToLower(s), word) })
		if found {
			return fmt.Errorf("the word %q may stand in no frame", word)
		}
	}
	return nil
}

func (w *watch) signaling(n *node) error {
	if !n.get("mt").isString("Signaling") {
		return nil
	}
	flags, known := w.registers[token(n.get("src"))]
	if !known {
		return fmt.Errorf("src is %q, no Register had that", token(n.get("src")))
	}
	call, ok := integer(n.get("call"))
	sig := n.get("sig")
	if !ok || sig == nil || sig.kind != kindObject {
		return errors.New("a Signaling without call or sig")
	}
	return errors.Join(facilities(sig, extended(flags)), w.life(call, sig))
}

// facilities checks the fty of a message.
func facilities(sig *node, extended bool) error {
	fty := sig.get("fty")
	if fty == nil {
		return nil
	}
	if fty.kind != kindArray || len(fty.elems) == 0 {
		return errors.New("sig.fty is not a list with elements")
	}
	for _, f := range fty.elems {
		if what := extension(f); what != "" && !extended {
			return fmt.Errorf("%s at a client without IM_EXT", what)
		}
	}
	return nil
}

// life follows the call number of a received message.
func (w *watch) life(call int64, sig *node) error {
	c := w.numbers[call]
	switch sig.get("type").str() {
	case "setup":
		w.numbers[call] = &callNum{live: true}
		return errors.Join(w.fresh(call, c), wholeSetup(sig))
	case "rel":
		before := c != nil && c.answered
		w.release(call).answered = true
		return errors.Join(afterRel(before, call), wholeRel(sig))
	}
	return afterRel(c != nil && c.answered && !lateFailure(sig), call)
}

func afterRel(answered bool, call int64) error {
	if answered {
		return fmt.Errorf("a message on number %d after its rel", call)
	}
	return nil
}

// fresh checks the number of a setup of the switch.
func (w *watch) fresh(call int64, c *callNum) error {
	switch {
	case call >= 0:
		return fmt.Errorf("a setup of the switch with number %d", call)
	case c == nil:
		return nil
	case c.live:
		return fmt.Errorf("a setup on number %d, which is in use", call)
	case w.now().Sub(c.released) < reuse:
		return fmt.Errorf("a setup on number %d, released %v ago", call, w.now().Sub(c.released))
	}
	return nil
}

func wholeSetup(sig *node) error {
	for _, name := range []string{"cg", "cd", "channel"} {
		if sig.get(name) == nil {
			return fmt.Errorf("a setup without %s", name)
		}
	}
	if sig.get("channel").raw[0] == '0' && sig.get("fty") == nil {
		return errors.New("a setup with channel 0 without fty")
	}
	return nil
}

func wholeRel(sig *node) error {
	cau := sig.get("cau")
	if _, ok := integer(cau.get("num")); !ok {
		return errors.New("a rel without a number in cau.num")
	}
	if cau.get("loc") != nil {
		return errors.New("a rel with cau.loc")
	}
	return nil
}
