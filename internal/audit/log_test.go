package audit_test

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

// TestSum holds the bytes that are hashed: the value was computed by another
// program from the package comment alone. A change of it makes every log that
// exists invalid.
func TestSum(t *testing.T) {
	e := audit.Entry{
		Number: 258, Time: time.UnixMilli(1_700_000_000_123),
		Actor: audit.Actor{Kind: audit.Account, ID: "7", Name: "zoë", Role: "operator"},
		From:  "192.0.2.1", Act: "user.set", Domain: audit.Domain{ID: 3, Name: "a.example"},
		Object: audit.Object{Kind: "user", ID: "12", Name: "alice"}, Outcome: audit.Refused, Code: "name_taken", Reason: "why",
		Details: []audit.Detail{{Name: "dn", Old: "A", New: "B"}, {Name: "password"}},
	}
	for i := range e.Previous {
		e.Previous[i] = byte(i)
	}
	const want = "3d54a55b033a50291cdcb5603b16956964ed1383b1ac98c73ed8d0d2694fc6b7"
	if got := e.Sum().String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAppendCleans(t *testing.T) {
	b := newBench(t)
	e := someAct()
	long := strings.Repeat("ä", 2000)
	e.Actor.Name, e.From, e.Reason, e.Object.ID, e.Code = "eve\x00\n\xff", long, long, long, long
	e.Details = make([]audit.Detail, 70)
	e.Details[0] = audit.Detail{Name: long, Old: long, New: long}
	got, err := b.Append(t.Context(), e)
	must(t, err)
	if got.Actor.Name != "eve  \ufffd" {
		t.Errorf("name %q", got.Actor.Name)
	}
	first := got.Details[0]
	for limit, list := range map[int][]string{64: {got.Code, first.Name}, 256: {got.From, got.Object.ID}, 512: {first.Old, first.New}, 1024: {got.Reason}} {
		for _, s := range list {
			if len(s) > limit || len(s) < limit-3 || !strings.HasSuffix(s, "ä…") || !utf8.ValidString(s) {
				t.Errorf("limit %d: %d bytes, %q", limit, len(s), s)
			}
		}
	}
	if len(got.Details) != 64 || got.Details[63] != (audit.Detail{Name: "…", New: "7 more"}) {
		t.Errorf("%d details, last %+v", len(got.Details), got.Details[len(got.Details)-1])
	}
	page, err := b.List(t.Context(), audit.Query{Reader: audit.Reader{Everything: true}, Object: audit.Object{ID: long}})
	if err != nil || len(page.Entries) != 1 || !reflect.DeepEqual(page.Entries[0], got) {
		t.Errorf("stored %+v, %v", page, err)
	}
}

func TestAppendRefuses(t *testing.T) {
	b := newBench(t)
	bad := map[string]func(*audit.Entry){
		"no act":         func(e *audit.Entry) { e.Act = "" },
		"one word":       func(e *audit.Entry) { e.Act = "user" },
		"upper case":     func(e *audit.Entry) { e.Act = "User.set" },
		"a dot too much": func(e *audit.Entry) { e.Act = "user.set." },
		"a long act":     func(e *audit.Entry) { e.Act = "user." + strings.Repeat("x", 60) },
		"no actor":       func(e *audit.Entry) { e.Actor.Kind = "" },
		"no outcome":     func(e *audit.Entry) { e.Outcome = "maybe" },
		"no domain":      func(e *audit.Entry) { e.Domain.ID = -1 },
	}
	for name, spoil := range bad {
		e := someAct()
		spoil(&e)
		if _, err := b.Append(t.Context(), e); audit.CodeOf(err) != audit.CodeBadEntry {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.counts.expect(t, 0, 0, len(bad), 0)
}

func TestAppendReportsFailure(t *testing.T) {
	store := storetest.NewAuditMemory()
	broken := errors.New("disk full")
	store.Before = func(operation string) error {
		if operation == "append" {
			return broken
		}
		return nil
	}
	b := onStore(t, store)
	if e, err := b.Append(t.Context(), someAct()); !errors.Is(err, broken) || e.Number != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	b.counts.expect(t, 0, 0, 1, 0)
}

// What stands in a row must not move the cursor of whoever reads it.
func TestAppendTakesControlsOut(t *testing.T) {
	b := newBench(t)
	e := someAct()
	e.Object.Name, e.Reason = "a\u009b31m\u202eb\x1b\n\u2028c\u2066", "\u0085x\u200ey"
	e.Details = []audit.Detail{{Name: "dn", New: "\u202dz"}}
	e, err := b.Append(t.Context(), e)
	must(t, err)
	if e.Object.Name != "a 31m b   c " || e.Reason != " x y" || e.Details[0].New != " z" {
		t.Errorf("%q, %q, %q", e.Object.Name, e.Reason, e.Details)
	}
}

func TestListRefuses(t *testing.T) {
	b := newBench(t)
	for name, q := range map[string]audit.Query{
		"limit": {Limit: 1001}, "negative limit": {Limit: -1}, "cursor": {After: -1}, "domain": {Domain: -1},
		"act": {Act: "user.%"}, "long act": {Act: strings.Repeat("a", 65)}, "kind": {ActorKind: "king"}, "outcome": {Outcome: "maybe"},
	} {
		q.Reader.Everything = true
		if _, err := b.List(t.Context(), q); audit.CodeOf(err) != audit.CodeBadQuery {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeys(t *testing.T) {
	store := storetest.NewAuditMemory()
	first := onStore(t, store)
	first.append()
	head, err := first.Sign(t.Context())
	must(t, err)
	second := onStore(t, store)
	if !reflect.DeepEqual(first.PublicKey(), second.PublicKey()) || !head.SignedBy(second.PublicKey()) {
		t.Error("the second handle has another key")
	}
	if _, err := audit.Open(t.Context(), store, sealer(t, 8), audit.Config{}); audit.CodeOf(err) != audit.CodeWrongKey {
		t.Errorf("another master key: %v", err)
	}
	// The master key changes: while both are known the key is sealed anew.
	both := sealer(t, 8, []byte(strings.Repeat("\x07", 32)))
	l, err := audit.Open(t.Context(), store, both, audit.Config{})
	must(t, err)
	must(t, l.Reseal(t.Context()))
	l, err = audit.Open(t.Context(), store, sealer(t, 8), audit.Config{})
	must(t, err)
	if !head.SignedBy(l.PublicKey()) {
		t.Error("sealing anew has changed the key")
	}
}

func TestReplacedKeyIsRefused(t *testing.T) {
	store, mine := storetest.NewAuditMemory(), storetest.NewAuditMemory()
	first, second := onStore(t, store), onStore(t, mine)
	_ = first
	kept, err := mine.AuditKey(t.Context(), audit.StoredKey{})
	must(t, err)
	forged := storetest.NewAuditMemory()
	_, err = forged.AuditKey(t.Context(), audit.StoredKey{Public: first.PublicKey(), Sealed: kept.Sealed})
	must(t, err)
	if _, err := audit.Open(t.Context(), forged, sealer(t, 7), audit.Config{}); audit.CodeOf(err) != audit.CodeWrongKey {
		t.Errorf("halves of two keys: %v (%v)", err, second.PublicKey())
	}
}

func TestHead(t *testing.T) {
	b := newBench(t)
	newest, signed, err := b.Head(t.Context())
	if err != nil || newest != (audit.Mark{}) || signed.Signature != nil {
		t.Errorf("empty: %v %v, %v", newest, signed, err)
	}
	one := b.append()
	head, err := b.Sign(t.Context())
	must(t, err)
	two := b.append()
	newest, signed, err = b.Head(t.Context())
	if err != nil || newest != (audit.Mark{Number: 2, Hash: two.Hash}) || !reflect.DeepEqual(signed, head) || head.Hash != one.Hash {
		t.Errorf("%v %v, %v", newest, signed, err)
	}
	parsed, err := audit.ParseHead(head.String())
	if err != nil || !reflect.DeepEqual(parsed, head) {
		t.Errorf("%v, %v", parsed, err)
	}
	again, err := b.Sign(t.Context())
	if err != nil || again.Number != 2 {
		t.Errorf("%v, %v", again, err)
	}
	same, err := b.Sign(t.Context())
	if err != nil || !reflect.DeepEqual(same, again) {
		t.Errorf("nothing new: %v, %v", same, err)
	}
}

func TestVerifyGivenHead(t *testing.T) {
	b, stranger := newBench(t), newBench(t)
	for range 3 {
		b.append()
		stranger.append()
	}
	head, err := b.Sign(t.Context())
	must(t, err)
	b.append()
	foreign, err := stranger.Sign(t.Context())
	must(t, err)
	later := head
	later.Time = later.Time.Add(time.Millisecond)
	beyond := head
	beyond.Number, beyond.Signature = 9, nil
	for _, test := range []struct {
		name string
		head audit.Head
		want *audit.Fault
	}{
		{"its own", head, nil},
		{"its own, without signature", audit.Head{Mark: head.Mark}, nil},
		{"of another log", foreign, &audit.Fault{Kind: audit.FaultSignature, First: 3, Last: 3}},
		{"of another log, without signature", audit.Head{Mark: foreign.Mark}, &audit.Fault{Kind: audit.FaultChanged, First: 3, Last: 3}},
		{"signed later", later, &audit.Fault{Kind: audit.FaultSignature, First: 3, Last: 3}},
		{"beyond the end", beyond, &audit.Fault{Kind: audit.FaultCut, First: 5, Last: 9}},
	} {
		report, err := b.Verify(t.Context(), &test.head)
		if err != nil || !reflect.DeepEqual(report.Fault, test.want) {
			t.Errorf("%s: %v, %v", test.name, report.Fault, err)
		}
	}
	if _, err := b.Verify(t.Context(), &audit.Head{}); audit.CodeOf(err) != audit.CodeBadHead {
		t.Errorf("no row: %v", err)
	}
	b.counts.expect(t, 4, 3, 0, 4)
}

// TestFaultsRead says every fault in words.
func TestFaultsRead(t *testing.T) {
	for _, test := range []struct {
		fault audit.Fault
		want  string
	}{
		{audit.Fault{Kind: audit.FaultChanged, First: 4, Last: 4}, "Row 4 was changed."},
		{audit.Fault{Kind: audit.FaultChanged, First: 4, Last: 6}, "One of the rows 4 to 6 was changed, or more than one."},
		{audit.Fault{Kind: audit.FaultMissing, First: 4, Last: 4}, "Row 4 was removed from the middle."},
		{audit.Fault{Kind: audit.FaultCut, First: 4, Last: 6}, "Rows 4 to 6 were cut off the end."},
		{audit.Fault{Kind: audit.FaultForeign, First: 4, Last: 4}, "Row 4 was put behind the end by something else than this program."},
		{audit.Fault{Kind: audit.FaultHead, First: 1, Last: 1}, "The number or the hash of the newest row is gone or damaged."},
		{audit.Fault{Kind: audit.FaultSignature, First: 4, Last: 4}, "The signed head of row 4 is gone or was not signed with the key of this log."},
	} {
		if got := test.fault.String(); got != test.want {
			t.Errorf("%+v: %q", test.fault, got)
		}
	}
}

func TestVerifyPages(t *testing.T) {
	b := newBench(t)
	const rows = 1203 // more than two pages, of rows and of signed heads
	for range rows {
		b.append()
		_, err := b.Sign(t.Context())
		must(t, err)
	}
	report, err := b.Verify(t.Context(), nil)
	if err != nil || report.Fault != nil || report.Rows != rows || report.Signed != rows {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestStoreFails(t *testing.T) {
	for _, failing := range []string{"state", "read", "sign", "signed"} {
		store := storetest.NewAuditMemory()
		b := onStore(t, store)
		b.append()
		broken := errors.New("out of reach")
		store.Before = func(operation string) error {
			if operation == failing {
				return broken
			}
			return nil
		}
		if _, err := b.Sign(t.Context()); !errors.Is(err, broken) {
			t.Errorf("sign, %s: %v", failing, err)
		}
		if _, err := b.Verify(t.Context(), nil); failing != "sign" && failing != "signed" && !errors.Is(err, broken) {
			t.Errorf("verify, %s: %v", failing, err)
		}
		b.counts.expect(t, 1, 0, 0, 0)
	}
}

func BenchmarkAppend(b *testing.B) {
	l := newBench(b)
	e := someAct()
	for i := 0; b.Loop(); i++ {
		e.Reason = strconv.Itoa(i)
		if _, err := l.Append(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
}
