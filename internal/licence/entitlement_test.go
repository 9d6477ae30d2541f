package licence

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

var testKey = PrivateKey{make([]byte, ed25519.SeedSize)}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func grants(t *testing.T, texts ...string) (list []Grant) {
	t.Helper()
	for _, text := range texts {
		g, err := ParseGrant(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, g)
	}
	return list
}

func sign(t *testing.T, e Entitlement) string {
	t.Helper()
	text, _, err := Sign(testKey, e)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSignAndRead(t *testing.T) {
	e := Entitlement{
		Domain: "a.example", Grants: grants(t, "messages:100", "calls", "App(innovaphone-chat):5", "Service(rec):2"),
		From: noon.Add(7 * time.Millisecond), Until: noon.In(time.FixedZone("", 3600)).Add(time.Hour), TestMode: true, Note: `<"ü">`,
	}
	text, signed, err := Sign(testKey, e)
	if err != nil {
		t.Fatal(err)
	}
	if len(signed.ID) != 32 || signed.Key != testKey.Public().ID() || signed.From != noon || signed.Until != noon.Add(time.Hour) {
		t.Errorf("signed %+v", signed)
	}
	for name, pasted := range map[string]string{
		"as it is": text, "wrapped": " " + text[:50] + "\r\n\t" + text[50:70] + "\n" + text[70:] + "\n",
	} {
		s, err := Read(pasted)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := s.Verify(testKey.Public()); err != nil || s.Text != text || fmt.Sprint(s.Entitlement) != fmt.Sprint(signed) {
			t.Errorf("%s: %v, %+v", name, err, s)
		}
		if err := s.Verify(NewKey().Public()); CodeOf(err) != CodeUnknownKey {
			t.Errorf("%s: another key says %v", name, err)
		}
	}
}

// TestForged changes what is signed: nothing of it may pass.
func TestForged(t *testing.T) {
	text := sign(t, Entitlement{Domain: "a.example", Grants: grants(t, "calls")})
	passed := 0
	for i := range text {
		for _, c := range []byte("AZaz09-_.=") {
			if c == text[i] {
				continue
			}
			forged := text[:i] + string(c) + text[i+1:]
			if s, err := Read(forged); err == nil && s.Verify(testKey.Public()) == nil {
				passed++
				t.Errorf("passed: %s", forged)
			}
		}
	}
	if passed == 0 && len(text) < 200 {
		t.Error("nothing was tried")
	}
	other := NewKey()
	s, err := Read(text)
	if err != nil {
		t.Fatal(err)
	}
	s.Key = other.Public().ID() // as if it named another key
	if err := s.Verify(other.Public()); CodeOf(err) != CodeBadLicence {
		t.Errorf("signed by nobody: %v", err)
	}
}

func payload(t *testing.T, text string) string {
	t.Helper()
	body, _, _ := strings.Cut(strings.TrimPrefix(text, prefix), ".")
	plain, err := encoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// wrap signs a text that Sign would not write.
func wrap(plain string) string {
	head := prefix + encoding.EncodeToString([]byte(plain))
	return head + "." + encoding.EncodeToString(ed25519.Sign(testKey.key(), []byte(head)))
}

func TestReadRefuses(t *testing.T) {
	good := sign(t, Entitlement{Domain: "a.example", Grants: grants(t, "calls:5"), Until: noon})
	plain := payload(t, good)
	if _, err := Read(wrap(plain)); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	tests := map[string]string{
		"nothing": "", "another text": "hello", "no signature": prefix + encoding.EncodeToString([]byte(plain)),
		"short signature": good[:len(good)-4], "more behind": good + "AAAA", "padding": good + "=",
		"another version": strings.Replace(good, "-1.", "-2.", 1), "too long": good + strings.Repeat(" ", maxPasted),
		"a long note": wrap(strings.Replace(plain, `}]`, `}]`+strings.Repeat(" ", maxText), 1)),
		"no JSON":     wrap("{"), "an array": wrap("[]"), "empty": wrap("{}"), "null": wrap("null"),
		"white space":     wrap(plain + " "),
		"an extra member": wrap(strings.Replace(plain, `{"id"`, `{"x":1,"id"`, 1)),
		"a member twice":  wrap(strings.Replace(plain, `{"id"`, `{"domain":"b.example","id"`, 1)),
		"other case":      wrap(strings.Replace(plain, `"domain"`, `"Domain"`, 1)),
		"another order":   wrap(reordered(t, plain)),
		"an offset":       wrap(strings.Replace(plain, `:00Z"`, `:00+00:00"`, 1)),
		"a fraction":      wrap(strings.Replace(plain, `:00Z"`, `:00.5Z"`, 1)),
		"year 1":          wrap(strings.Replace(plain, `2026-`, `0002-`, 1)),
		"count 0":         wrap(strings.Replace(plain, `"count":5`, `"count":0`, 1)),
		"count -5":        wrap(strings.Replace(plain, `"count":5`, `"count":-5`, 1)),
		"count 5.0":       wrap(strings.Replace(plain, `"count":5`, `"count":5.0`, 1)),
		"a large count":   wrap(strings.Replace(plain, `"count":5`, `"count":1000001`, 1)),
		"an odd feature":  wrap(strings.Replace(plain, `"calls"`, `"Calls"`, 1)),
		"an odd domain":   wrap(strings.Replace(plain, `a.example`, `A.example`, 1)),
		"no domain":       wrap(strings.Replace(plain, `a.example`, ``, 1)),
	}
	for name, text := range tests {
		if s, err := Read(text); CodeOf(err) != CodeBadLicence {
			t.Errorf("%s: %v, %+v", name, err, s)
		}
	}
	later := wrap(strings.Replace(plain, `"calls"`, `"video.4k"`, 1))
	if s, err := Read(later); err != nil || s.Grants[0].Name != "video.4k" {
		t.Errorf("a feature of a later version: %v", err)
	}
}

// reordered is the object with its members sorted by name.
func reordered(t *testing.T, plain string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(plain), &m); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(m)
	return string(text)
}

func TestSignRefuses(t *testing.T) {
	one := []Grant{{Name: Calls}}
	many := make([]Grant, 65)
	for i := range many {
		many[i].Name = App(fmt.Sprint("a", i))
	}
	tests := []struct {
		field string
		e     Entitlement
	}{
		{"id", Entitlement{ID: "1", Domain: "*", Grants: one}},
		{"domain", Entitlement{Grants: one}},
		{"domain", Entitlement{Domain: "a b", Grants: one}},
		{"domain", Entitlement{Domain: "*.example", Grants: one}},
		{"grants", Entitlement{Domain: "*"}},
		{"grants", Entitlement{Domain: "*", Grants: many}},
		{"grants", Entitlement{Domain: "*", Grants: []Grant{{Name: "cals"}}}},
		{"grants", Entitlement{Domain: "*", Grants: []Grant{{Name: "App()"}}}},
		{"grants", Entitlement{Domain: "*", Grants: []Grant{{Name: Calls}, {Name: Calls, Count: 2}}}},
		{"grants", Entitlement{Domain: "*", Grants: []Grant{{Name: Calls, Count: MaxCount + 1}}}},
		{"from", Entitlement{Domain: "*", Grants: one, From: time.Unix(1, 0)}},
		{"until", Entitlement{Domain: "*", Grants: one, Until: noon.AddDate(9000, 0, 0)}},
		{"until", Entitlement{Domain: "*", Grants: one, From: noon, Until: noon}},
		{"note", Entitlement{Domain: "*", Grants: one, Note: "two\nlines"}},
		{"note", Entitlement{Domain: "*", Grants: one, Note: strings.Repeat("n", 257)}},
	}
	for _, test := range tests {
		_, _, err := Sign(testKey, test.e)
		if e, _ := err.(*Error); e == nil || e.Code != CodeBadValue || e.Field != test.field {
			t.Errorf("%+v: %v, want a bad %s", test.e, err, test.field)
		}
	}
	for _, domain := range []string{"*", "localhost", "127.0.0.1", "::1", "_x.example", "a-b.example"} {
		if _, _, err := Sign(testKey, Entitlement{Domain: domain, Grants: one}); err != nil {
			t.Errorf("%s: %v", domain, err)
		}
	}
}

func TestParseGrant(t *testing.T) {
	for _, text := range []string{"*", "*:5", "messages", "calls:1", "chat.attach:1000000", "App(a-b_c.d)", "Service(x):7"} {
		if g, err := ParseGrant(text); err != nil || g.String() != text {
			t.Errorf("%s: %v, %v", text, g, err)
		}
	}
	for _, text := range []string{"", ":", "calls:", "calls:0", "calls:01", "calls:-1", "calls:+1", "calls:1x", "calls:1000001", "calls:99999999999999999999",
		"call", "App", "App(", "App()", "App(a", "App(a b)", "App(a)x", "app(a)", "App(" + strings.Repeat("a", 65) + ")", "Service()", "calls:5:5"} {
		if g, err := ParseGrant(text); CodeOf(err) != CodeBadValue {
			t.Errorf("%q: %+v, %v", text, g, err)
		}
	}
}

func TestCovers(t *testing.T) {
	tests := []struct {
		granted Feature
		asked   string
	}{
		{"*", "calls push rest messages chat chat.attach chat.group App(x) video"},
		{"messages", "messages chat chat.attach chat.group App(innovaphone-chat) App(innovaphone-chat-api)"},
		{"chat", "chat App(innovaphone-chat) App(innovaphone-chat-api)"},
		{"calls", "calls"},
		{"App(innovaphone-chat)", "chat App(innovaphone-chat) App(innovaphone-chat-api)"},
		{"App(innovaphone)", "chat App(innovaphone-chat) App(innovaphone-chat-api)"},
		{"App(innovaphone-chat-api)", "App(innovaphone-chat-api)"},
		{"Service(x)", "Service(x)"},
	}
	all := "calls push rest messages chat chat.attach chat.group App(x) video App(innovaphone-chat) App(innovaphone-chat-api) Service(x) Service(xy)"
	for _, test := range tests {
		for _, asked := range strings.Fields(all) {
			want := test.granted == Everything || strings.Contains(" "+test.asked+" ", " "+asked+" ")
			if got := test.granted.covers(Feature(asked)); got != want {
				t.Errorf("%s covers %s: %v", test.granted, asked, got)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	key := NewKey()
	back, err := ParsePrivateKey("\n" + key.Text() + "\n")
	if err != nil || back.Public().ID() != key.Public().ID() {
		t.Errorf("%v, %v", back, err)
	}
	public, err := ParsePublicKey(key.Public().String())
	if err != nil || public.ID() != key.Public().ID() || len(public.ID()) != 16 {
		t.Errorf("%v, %v", public, err)
	}
	for _, text := range []string{fmt.Sprint(key), fmt.Sprintf("%#v", key), fmt.Sprintf("%+v", struct{ K PrivateKey }{key})} {
		if strings.Contains(text, key.Text()[len(privatePrefix):]) || strings.Contains(text, fmt.Sprint(key.seed)) {
			t.Errorf("the key is told: %s", text)
		}
	}
	for _, text := range []string{"", "x", key.Public().String(), key.Text()[:40], key.Text() + "A", strings.Repeat(" ", 300) + key.Text()} {
		if _, err := ParsePrivateKey(text); CodeOf(err) != CodeBadKey || text != "" && strings.Contains(err.Error(), text[len(text)-1:]+text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ParsePublicKey(key.Text()); CodeOf(err) != CodeBadKey {
		t.Errorf("a private key as a public one: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	text, _, err := Sign(testKey, Entitlement{ID: strings.Repeat("0", 32), Domain: "a.example", Grants: []Grant{{Name: Calls, Count: 5}, {Name: App("x")}}, From: noon, Until: noon.Add(day), TestMode: true, Note: "n"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, []byte(nil))
	f.Add("", []byte(`{"id":"00000000000000000000000000000000","key":"0000000000000000","domain":"*","grants":[{"name":"*"}]}`))
	f.Fuzz(func(t *testing.T, pasted string, plain []byte) {
		for _, text := range []string{pasted, wrap(string(plain))} {
			s, err := Read(text)
			if err != nil {
				if CodeOf(err) != CodeBadLicence {
					t.Errorf("refused with %v", err)
				}
				continue
			}
			again, err := json.Marshal(&s.Entitlement)
			if err != nil || payload(t, s.Text) != string(again) {
				t.Errorf("not canonical: %s", again)
			}
			if s.check() != nil || len(s.Text) > maxText {
				t.Errorf("let through: %+v", s)
			}
		}
	})
}
