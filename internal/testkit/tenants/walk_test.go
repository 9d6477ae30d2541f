// Package tenants_test walks every message of every API with every kind of login,
// in a switch with two domains.
//
// It stands beside the walk over the routes of the administration. What a login may
// do is done; what it may not do is refused, in the one form that there is; what is
// about the other domain is answered as if that did not exist; nothing of the other
// domain is ever in a message, and nothing of it changes.
package tenants_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryMessageWithEveryLogin(t *testing.T) {
	g := newGround(t)
	w := &walk{ground: g, logins: map[*tenant][]*login{g.one: g.logins(g.one), g.two: g.logins(g.two)}}
	// What has been subscribed to in one domain is there while the other is walked,
	// in both directions.
	w.through(g.one, g.two, everyMessage)
	w.through(g.two, g.one, everyMessage)
	w.through(g.one, g.two, acts)
	w.leave(g.one)
	w.leave(g.two)
	if w.steps < 1000 {
		t.Errorf("only %d messages were sent", w.steps)
	}
}

// walk is one walk through all messages.
type walk struct {
	*ground
	logins map[*tenant][]*login
	steps  int
}

func everyMessage(message) bool { return true }

// acts tells whether a message does more than to ask: the others change nothing that
// somebody could be told of.
func acts(m message) bool {
	for _, asks := range []string{"Get", "Read", "Search", "ReplicateNext"} {
		if strings.HasPrefix(m.mt, asks) {
			return false
		}
	}
	return true
}

// through walks with the logins of a domain, beside another one.
func (w *walk) through(home, other *tenant, walked func(message) bool) {
	w.t.Helper()
	before := w.still(other)
	for _, m := range messages() {
		if m.last || !walked(m) {
			continue
		}
		for _, l := range w.logins[home] {
			w.meet(l, m, other)
		}
		if now := w.state(other); now != before {
			w.t.Fatalf("%s %s changes the other domain\nfrom %s\nto   %s", m.api, m.mt, before, now)
		}
	}
	for _, l := range w.logins[other] {
		if got := l.settle(); len(got) > 0 {
			w.t.Errorf("%s of the other domain got %s", l.name, got)
		}
	}
}

// meet checks one message of one login: about the own domain, the other one, and
// one that does not exist.
func (w *walk) meet(l *login, m message, other *tenant) {
	w.t.Helper()
	for _, s := range m.says {
		w.own(l, m, s)
		if !strings.ContainsRune(strings.ReplaceAll(s.members, "{my-", ""), '{') {
			continue // it names nothing
		}
		there := w.say(l, m, w.about(s.members, l.home, other.names), other)
		none := w.say(l, m, w.about(s.members, l.home, other.nobody()), other)
		if a, b := varies(there), varies(none); a != b {
			w.t.Errorf("%s: %s %s with %s\nabout the other domain: %s\nabout none:             %s", l.name, m.api, m.mt, s.members, a, b)
		}
	}
}

// own checks what comes of a message about the own domain.
func (w *walk) own(l *login, m message, s saying) {
	w.t.Helper()
	members := s.members
	if !l.may(m) {
		members = strings.ReplaceAll(members, "{victim}", "{guid}")
	}
	got := w.say(l, m, w.about(members, l.home, l.home.names), w.beside(l.home))
	want := s.person
	if l.program {
		want = s.program
	}
	if !l.may(m) && (want != free || m.api != "") {
		if text := refusal(l, m); !slices.Equal(got, text) {
			w.t.Errorf("%s: %s %s with %s: got %q, want %q", l.name, m.api, m.mt, s.members, got, text)
		}
		return
	}
	if want == free {
		return
	}
	if o := outcomeOf(got, m); o != want {
		w.t.Errorf("%s: %s %s with %s: got %q, want outcome %d", l.name, m.api, m.mt, s.members, got, want)
	}
}

// refusal is the answer to what a login may not do.
func refusal(l *login, m message) []string {
	text, api := "api not allowed", fmt.Sprintf(`"api":%q,`, m.api)
	switch {
	case m.api == "" && l.link:
		return nil // nobody asks on a link but the switch
	case m.api == "":
		text, api = "unknown mt", ""
	case m.absent && slices.Contains(l.apis, m.api):
		text = "unknown mt"
	}
	if strings.HasPrefix(l.name, "nobody") {
		text = "not logged in"
	}
	if (m.mt == "Register" || m.mt == "Attach") && text == "api not allowed" {
		return []string{fmt.Sprintf(`{%s"src":"w","mt":"%sResult","err":"not allowed"}`, api, m.mt)}
	}
	return []string{fmt.Sprintf(`{%s"src":%q,"mt":"Error","error":1,"errorText":%q}`, api, cmp.Or(m.src, "w"), text)}
}

// outcomeOf is what the answers say.
func outcomeOf(got []string, m message) outcome {
	for _, text := range got {
		var a answer
		_ = json.Unmarshal([]byte(text), &a)
		if a.text("mt") != m.mt+"Result" && a.text("mt") != "Error" {
			continue
		}
		switch e := a["error"].(type) {
		case float64:
			return outcome(e)
		case string, bool:
			return failing
		}
		if a["err"] != nil {
			return failing
		}
		return good
	}
	return silence
}

// beside is the other domain.
func (w *walk) beside(d *tenant) *tenant {
	if d == w.one {
		return w.two
	}
	return w.one
}

// say sends a message and returns what came because of it. Nothing of the other
// domain may be in it, but what the client has said itself.
func (w *walk) say(l *login, m message, members string, other *tenant) []string {
	w.t.Helper()
	w.steps++
	text := fmt.Sprintf(`{"mt":%q,"src":%q`, m.mt, cmp.Or(m.src, "w"))
	if m.api != "" {
		text = fmt.Sprintf(`{"api":%q,`, m.api) + text[1:]
	}
	if members != "" {
		text += "," + members
	}
	w.must(l.send(text + "}"))
	got := l.settle(w.later(l, m)...)
	for i, answer := range got {
		got[i] = other.unsaid(answer)
		if found := other.found(got[i]); found != "" {
			w.t.Errorf("%s: %s is answered with %q of the other domain: %s", l.name, text, found, answer)
		}
	}
	return slices.DeleteFunc(got, func(text string) bool { return !concerns(text, m) })
}

// later waits for the answer to what the switch passes on: it comes when it comes.
func (w *walk) later(l *login, m message) []string {
	var got []string
	for m.api == "PbxMessages" && l.may(m) {
		a, text := l.next()
		got = append(got, text)
		if mt := a.text("mt"); concerns(text, m) && (mt == "Error" || mt == m.mt+"Result") {
			break
		}
	}
	return got
}

// concerns tells whether a message has to do with what was said: others come
// because of what was said before.
func concerns(text string, m message) bool {
	var a answer
	_ = json.Unmarshal([]byte(text), &a)
	mt := a.text("mt")
	if strings.Contains(text, `"im_receipt"`) {
		return false // of a text, when it is stored
	}
	return a.text("api") == m.api && (m.api != "PbxTableUsers" || mt == "Error" || strings.HasSuffix(mt, "Result"))
}

// leave says the messages that end a login.
func (w *walk) leave(d *tenant) {
	w.t.Helper()
	for _, m := range messages() {
		for _, l := range w.logins[d] {
			if m.last && l.may(m) {
				w.own(l, m, m.says[0])
			}
		}
	}
}

// about replaces the placeholders in members.
func (w *walk) about(members string, home *tenant, names map[string]string) string {
	for {
		from := strings.IndexByte(members, '{')
		for from >= 0 && !isLetter(members[from+1:]) {
			at := strings.IndexByte(members[from+1:], '{')
			if at < 0 {
				return members
			}
			from += 1 + at
		}
		if from < 0 {
			return members
		}
		to := from + strings.IndexByte(members[from:], '}')
		members = members[:from] + w.value(members[from+1:to], home, names) + members[to+1:]
	}
}

func isLetter(s string) bool { return s != "" && s[0] >= 'a' && s[0] <= 'z' }

func (w *walk) value(name string, home *tenant, names map[string]string) string {
	switch {
	case name == "fresh":
		w.fresh++
		return fmt.Sprintf("%s-fresh-%05d", home.mark, w.fresh)
	case name == "victim" && names["domain"] == home.Name:
		return w.victim(home)
	case name == "victim":
		return names["bob-guid"]
	case strings.HasPrefix(name, "my-"):
		return home.names[name]
	}
	value, ok := names[name]
	if !ok {
		w.t.Fatalf("there is no %s", name)
	}
	return value
}

// nobody are the names of a domain, changed so that they are none; they stand at
// the same place in lists.
func (d *tenant) nobody() map[string]string {
	none := map[string]string{}
	for key, value := range d.names {
		none[key] = d.unsaid(value)
	}
	return none
}

// unsaid is the text with what clients say of the domain replaced by what is none.
func (d *tenant) unsaid(text string) string {
	for _, value := range d.names {
		text = strings.ReplaceAll(text, value, changed(value, d))
	}
	return text
}

// changed is another name in the place of one of the domain.
func changed(value string, d *tenant) string {
	switch {
	case strings.HasPrefix(value, d.digits):
		return strings.Replace(value, d.digits, "16180", 1)
	case strings.Contains(value, d.mark):
		return strings.ReplaceAll(value, d.mark, d.mark[:2]+"y")
	}
	flip := strings.NewReplacer("0", "1", "1", "0", "a", "b", "b", "a")
	return flip.Replace(value)
}

// found is something of the domain in a text.
func (d *tenant) found(text string) string {
	if strings.Contains(strings.ToLower(text), d.mark) {
		return d.mark
	}
	if number := regexp.MustCompile(`\b` + d.digits + `\d\d\b`).FindString(text); number != "" {
		return number
	}
	for key, value := range d.names {
		if strings.HasSuffix(key, "guid") && strings.Contains(text, value) {
			return key
		}
	}
	return ""
}

var volatile = regexp.MustCompile(`"[0-9a-f]{16,64}"|-fresh-\d+|"(id|usn|timestamp|rtimestamp|call|time|session|key|addsTo)":"?-?\d+"?`)

// varies is the text without what is different each time.
func varies(list []string) string {
	return volatile.ReplaceAllString(strings.Join(list, "\n"), "…")
}
