package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// AuditStore is an audit.Store that can be closed.
type AuditStore interface {
	audit.Store
	Close() error
}

// AuditFresh makes a new, empty database. open opens it; every call gives another
// handle, as another process would have. tamper runs statements on it as somebody
// does who has the database in his hands; nil if that makes no sense.
type AuditFresh func(t *testing.T) (open func() AuditStore, tamper func(statements string))

// RunAudit runs the whole suite of audit.Store.
func RunAudit(t *testing.T, fresh AuditFresh) {
	tests := []struct {
		name string
		test func(*testing.T, *auditBench)
	}{
		{"rows come back as written", testAuditRoundTrip},
		{"two processes make one chain", testAuditOrder},
		{"what link refuses is not written", testAuditLink},
		{"filters", testAuditFilters},
		{"pages", testAuditPages},
		{"signed heads", testAuditSigned},
		{"the first key is kept", testAuditKey},
		{"a cancelled append writes nothing", testAuditCancelled},
		{"an export proves itself", testAuditExport},
		{"tampering is found", testAuditTampering},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			open, tamper := fresh(t)
			test.test(t, &auditBench{t: t, open: open, tamper: tamper, store: auditHandle(t, open)})
		})
	}
}

func auditHandle(t *testing.T, open func() AuditStore) AuditStore {
	s := open()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// auditBench is what a test works with.
type auditBench struct {
	t      *testing.T
	open   func() AuditStore
	tamper func(string)
	store  AuditStore
}

func (b *auditBench) log() *audit.Log {
	b.t.Helper()
	sealer, err := directory.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		b.t.Fatal(err)
	}
	l, err := audit.Open(b.t.Context(), b.store, sealer, audit.Config{})
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

func (b *auditBench) append(l *audit.Log, e audit.Entry) audit.Entry {
	b.t.Helper()
	e, err := l.Append(b.t.Context(), e)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

func (b *auditBench) verify(l *audit.Log, head *audit.Head) audit.Report {
	b.t.Helper()
	report, err := l.Verify(b.t.Context(), head)
	if err != nil {
		b.t.Fatal(err)
	}
	return report
}

// act is an entry with the least that one needs.
func act(name string) audit.Entry {
	return audit.Entry{Act: name, Actor: audit.Actor{Kind: audit.System, Name: "pbx"}, Outcome: audit.Done}
}

func fullEntry() audit.Entry {
	return audit.Entry{
		Actor: audit.Actor{Kind: audit.Account, ID: "7", Name: "zoë", Role: "domain admin"},
		From:  "2001:db8::1", Act: "user.set", Domain: audit.Domain{ID: 3, Name: "a.example"},
		Object: audit.Object{Kind: "user", ID: "12", Name: "alice <&>\u2028\""}, Outcome: audit.Refused, Code: "name_taken",
		Reason: "because\x00 of \xff this", Details: []audit.Detail{{Name: "dn", Old: "Ä\\", New: "B"}, {Name: "password"}},
	}
}

func testAuditRoundTrip(t *testing.T, b *auditBench) {
	l := b.log()
	first, second := b.append(l, fullEntry()), b.append(l, act("a.b"))
	page, err := l.List(t.Context(), audit.Query{Reader: audit.Reader{Everything: true}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []audit.Entry{second, first}; !reflect.DeepEqual(page.Entries, want) {
		t.Errorf("got  %+v\nwant %+v", page.Entries, want)
	}
	if first.Number != 1 || second.Number != 2 || second.Previous != first.Hash || first.Previous != (audit.Hash{}) {
		t.Errorf("the chain: %+v %+v", first, second)
	}
	if want := "because  of \ufffd this"; first.Reason != want {
		t.Errorf("reason %q", first.Reason)
	}
	report := b.verify(l, nil)
	if want := (audit.Report{Rows: 2, Head: audit.Mark{Number: 2, Hash: second.Hash}}); report != want {
		t.Errorf("report %+v", report)
	}
}

// testAuditOrder has two handles append at once while a third looks through the
// log and signs it.
func testAuditOrder(t *testing.T, b *auditBench) {
	const each = 25
	var writers sync.WaitGroup
	for _, store := range []AuditStore{b.store, auditHandle(t, b.open)} {
		l := (&auditBench{t: t, store: store}).log()
		writers.Go(func() {
			for range each {
				if _, err := l.Append(t.Context(), act("a.b")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	watcher := (&auditBench{t: t, store: auditHandle(t, b.open)}).log()
	for last := false; !last; {
		select {
		case <-done:
			last = true // one more look
		default:
		}
		if _, err := watcher.Sign(t.Context()); err != nil {
			t.Error(err)
		}
		if report := b.verify(watcher, nil); report.Fault != nil || last && (report.Rows != 2*each || report.Signed != 2*each) {
			t.Errorf("report %+v, %v", report, report.Fault)
		}
	}
}

func testAuditLink(t *testing.T, b *auditBench) {
	b.append(b.log(), act("a.b"))
	before, err := b.store.AuditState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refusal := errors.New("no")
	err = b.store.AppendAudit(t.Context(), func(head audit.StoredMark) (audit.Row, error) {
		if !reflect.DeepEqual(head, before.Head) {
			t.Errorf("head %v, want %v", head, before.Head)
		}
		return audit.Row{}, refusal
	})
	after, stateErr := b.store.AuditState(t.Context())
	if !errors.Is(err, refusal) || stateErr != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("%v, %v: %+v became %+v", err, stateErr, before, after)
	}
}

func testAuditFilters(t *testing.T, b *auditBench) {
	l := b.log()
	start := time.Now().Add(-time.Minute)
	for i, name := range []string{"user.set", "user.set.password", "username.set", "user_.set", "user.delete"} {
		e := act(name)
		e.Domain.ID = signal.DomainID(i % 3) // 0 1 2 0 1
		e.Actor.Name = []string{"ann", "bob"}[i%2]
		e.Object = audit.Object{Kind: "user", ID: fmt.Sprint(i / 2), Name: fmt.Sprint("n", i%4)}
		if i == 4 {
			e.Outcome, e.Actor.Kind, e.Object.Kind = audit.Refused, audit.Token, "account"
		}
		b.append(l, e)
	}
	all := audit.Reader{Everything: true}
	one := audit.Reader{Domains: []signal.DomainID{1}}
	tests := []struct {
		name  string
		query audit.Query
		want  []int64
	}{
		{"everything", audit.Query{Reader: all}, []int64{5, 4, 3, 2, 1}},
		{"ascending", audit.Query{Reader: all, Ascending: true}, []int64{1, 2, 3, 4, 5}},
		{"nobody", audit.Query{}, nil},
		{"no domain", audit.Query{Reader: audit.Reader{Domains: []signal.DomainID{}}}, nil},
		{"of one domain", audit.Query{Reader: one}, []int64{5, 2}},
		{"of two", audit.Query{Reader: audit.Reader{Domains: []signal.DomainID{2, 1}}}, []int64{5, 3, 2}},
		{"asks for a domain", audit.Query{Reader: all, Domain: 2}, []int64{3}},
		{"asks for a foreign one", audit.Query{Reader: one, Domain: 2}, nil},
		{"asks for its own", audit.Query{Reader: one, Domain: 1}, []int64{5, 2}},
		{"actor", audit.Query{Reader: all, Actor: "bob"}, []int64{4, 2}},
		{"no such actor", audit.Query{Reader: all, Actor: "BOB"}, nil},
		{"kind of actor", audit.Query{Reader: all, ActorKind: audit.Token}, []int64{5}},
		{"act with what continues it", audit.Query{Reader: all, Act: "user"}, []int64{5, 2, 1}},
		{"longer act", audit.Query{Reader: all, Act: "user.set"}, []int64{2, 1}},
		{"object", audit.Query{Reader: all, Object: audit.Object{Kind: "user", ID: "1"}}, []int64{4, 3}},
		{"object id of another kind", audit.Query{Reader: all, Object: audit.Object{Kind: "account", ID: "1"}}, nil},
		{"name of the object", audit.Query{Reader: all, Object: audit.Object{Name: "n0"}}, []int64{5, 1}},
		{"outcome", audit.Query{Reader: all, Outcome: audit.Refused}, []int64{5}},
		{"since", audit.Query{Reader: all, Since: start}, []int64{5, 4, 3, 2, 1}},
		{"until", audit.Query{Reader: all, Until: start}, nil},
		{"after, descending", audit.Query{Reader: all, After: 4}, []int64{3, 2, 1}},
		{"after, ascending", audit.Query{Reader: all, After: 3, Ascending: true}, []int64{4, 5}},
		{"several", audit.Query{Reader: one, Actor: "bob", Act: "user"}, []int64{2}},
	}
	for _, test := range tests {
		page, err := l.List(t.Context(), test.query)
		if got := numbers(page.Entries); err != nil || !slices.Equal(got, test.want) || page.Next != 0 {
			t.Errorf("%s: got %v, %v, want %v", test.name, got, err, test.want)
		}
	}
}

func numbers(list []audit.Entry) (numbers []int64) {
	for _, e := range list {
		numbers = append(numbers, e.Number)
	}
	return numbers
}

func testAuditPages(t *testing.T, b *auditBench) {
	l := b.log()
	for range 7 {
		b.append(l, act("a.b"))
	}
	for _, ascending := range []bool{true, false} {
		q := audit.Query{Reader: audit.Reader{Everything: true}, Ascending: ascending, Limit: 3}
		var got []int64
		for range 3 {
			page, err := l.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, numbers(page.Entries)...)
			q.After = page.Next
		}
		want := []int64{1, 2, 3, 4, 5, 6, 7}
		if !ascending {
			slices.Reverse(want)
		}
		if !slices.Equal(got, want) || q.After != 0 {
			t.Errorf("got %v and more after %d", got, q.After)
		}
	}
}

func testAuditSigned(t *testing.T, b *auditBench) {
	ctx := t.Context()
	row := func(n int64) audit.SignedRow {
		return audit.SignedRow{Number: n, Time: 1000 + n, Hash: []byte{byte(n), 0}, Signature: []byte{0, byte(n)}}
	}
	if list, err := b.store.ReadAuditSigned(ctx, -1, 1); err != nil || len(list) != 0 {
		t.Errorf("none: %v, %v", list, err)
	}
	other := row(5)
	other.Signature = []byte("other")
	for _, h := range []audit.SignedRow{row(2), row(5), other, row(3)} {
		if err := b.store.SignAudit(ctx, h); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		after int64
		limit int
		want  []audit.SignedRow
	}{
		{0, 10, []audit.SignedRow{row(2), row(3), row(5)}},
		{2, 1, []audit.SignedRow{row(3)}},
		{5, 10, nil},
		{-1, 10, []audit.SignedRow{row(5)}},
	} {
		got, err := b.store.ReadAuditSigned(ctx, test.after, test.limit)
		if err != nil || len(got) != len(test.want) || len(got) > 0 && !reflect.DeepEqual(got, test.want) {
			t.Errorf("after %d: %v, %v", test.after, got, err)
		}
	}
	if state, err := b.store.AuditState(ctx); err != nil || state.Signed != 5 || state.LastSigned != 5 || state.LastRow != 0 {
		t.Errorf("state %+v, %v", state, err)
	}
}

func testAuditKey(t *testing.T, b *auditBench) {
	ctx := t.Context()
	first := audit.StoredKey{Public: []byte{1}, Sealed: []byte{2, 0}}
	expect := func(what string, want audit.StoredKey) {
		t.Helper()
		got, err := b.store.AuditKey(ctx, audit.StoredKey{Public: []byte{9}, Sealed: []byte{9}})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	if got, err := b.store.AuditKey(ctx, first); err != nil || !reflect.DeepEqual(got, first) {
		t.Errorf("first: %v, %v", got, err)
	}
	expect("second", first)
	if err := b.store.SwapAuditKey(ctx, []byte{3}, []byte{4}); err != nil {
		t.Error(err)
	}
	expect("swapped for another", first)
	if err := b.store.SwapAuditKey(ctx, first.Sealed, []byte{4}); err != nil {
		t.Error(err)
	}
	expect("swapped", audit.StoredKey{Public: []byte{1}, Sealed: []byte{4}})
}

func testAuditCancelled(t *testing.T, b *auditBench) {
	l := b.log()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, act("a.b")); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if report := b.verify(l, nil); report.Rows != 0 || report.Fault != nil {
		t.Errorf("report %+v", report)
	}
}

func testAuditExport(t *testing.T, b *auditBench) {
	l := b.log()
	for i := range 1203 { // more than a page
		e := act("a.b")
		e.Domain.ID = signal.DomainID(i % 2)
		if i == 100 {
			e = fullEntry()
		}
		b.append(l, e)
	}
	head, err := l.Sign(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	lines, err := l.Export(t.Context(), &file, audit.Query{Reader: audit.Reader{Everything: true}})
	if err != nil || lines != 1203 || strings.Count(file.String(), "\n") != 1203 {
		t.Fatalf("%d lines, %v", lines, err)
	}
	report, err := audit.VerifyExport(&file, audit.Proof{Head: &head, Key: l.PublicKey()})
	if want := (audit.Report{Rows: 1203, Head: head.Mark, Signed: 1203}); err != nil || report != want {
		t.Errorf("report %+v, %v", report, err)
	}
	if report := b.verify(l, &head); report.Rows != 1203 || report.Signed != 1203 || report.Fault != nil {
		t.Errorf("report on the store %+v", report)
	}
	file.Reset()
	if _, err := l.Export(t.Context(), &file, audit.Query{Reader: audit.Reader{Domains: []signal.DomainID{1}}}); err != nil {
		t.Fatal(err)
	}
	report, err = audit.VerifyExport(&file, audit.Proof{Partial: true})
	if err != nil || report.Fault != nil || report.Rows != 601 || report.Gaps != 601 {
		t.Errorf("report on a part %+v, %v", report, err)
	}
}

// tamperings are done to a log of ten rows; the heads of rows 3 and 6 are signed.
var tamperings = []struct {
	name, statements string
	want             audit.Fault
}{
	{"a changed reason", `UPDATE audit SET reason = 'x' WHERE number = 4`, audit.Fault{Kind: audit.FaultChanged, First: 4, Last: 4}},
	{"a changed actor", `UPDATE audit SET actor_name = 'eve' WHERE number = 1`, audit.Fault{Kind: audit.FaultChanged, First: 1, Last: 1}},
	{"a changed time", `UPDATE audit SET time = time + 1 WHERE number = 10`, audit.Fault{Kind: audit.FaultChanged, First: 10, Last: 10}},
	{"an impossible time", `UPDATE audit SET time = 9000000000000000000 WHERE number = 2`, audit.Fault{Kind: audit.FaultChanged, First: 2, Last: 2}},
	{"changed details", `UPDATE audit SET details = '[{"name":"dn","old":"A","new":"C"}]' WHERE number = 2`, audit.Fault{Kind: audit.FaultChanged, First: 2, Last: 2}},
	{"details twice", `UPDATE audit SET details = '[{"name":"dn","old":"A","new":"C","new":"B"}]' WHERE number = 2`, audit.Fault{Kind: audit.FaultChanged, First: 2, Last: 2}},
	{"no details", `UPDATE audit SET details = 'null' WHERE number = 2`, audit.Fault{Kind: audit.FaultChanged, First: 2, Last: 2}},
	{"a changed hash", `UPDATE audit SET hash = previous WHERE number = 5`, audit.Fault{Kind: audit.FaultChanged, First: 5, Last: 5}},
	{"a longer hash", `UPDATE audit SET hash = (SELECT signature FROM audit_signed WHERE number = 3) WHERE number = 5`, audit.Fault{Kind: audit.FaultChanged, First: 5, Last: 5}},
	{"a row gone from the middle", `DELETE FROM audit WHERE number = 5`, audit.Fault{Kind: audit.FaultMissing, First: 5, Last: 5}},
	{"the first rows gone", `DELETE FROM audit WHERE number < 3`, audit.Fault{Kind: audit.FaultMissing, First: 1, Last: 2}},
	{"a gap closed by renumbering", `DELETE FROM audit WHERE number = 8; UPDATE audit SET number = 8 WHERE number = 9; UPDATE audit SET number = 9 WHERE number = 10;
		UPDATE audit_head SET number = 9`, audit.Fault{Kind: audit.FaultChanged, First: 8, Last: 8}},
	{"two rows swapped", `UPDATE audit SET number = 99 WHERE number = 7; UPDATE audit SET number = 7 WHERE number = 8; UPDATE audit SET number = 8 WHERE number = 99`,
		audit.Fault{Kind: audit.FaultChanged, First: 7, Last: 7}},
	{"a negative row", `UPDATE audit SET number = -7 WHERE number = 7`, audit.Fault{Kind: audit.FaultChanged, First: -7, Last: -7}},
	{"the tail cut", `DELETE FROM audit WHERE number > 8`, audit.Fault{Kind: audit.FaultCut, First: 9, Last: 10}},
	{"everything cut", `DELETE FROM audit`, audit.Fault{Kind: audit.FaultCut, First: 1, Last: 10}},
	{"the tail cut with the head", `DELETE FROM audit WHERE number > 5;
		UPDATE audit_head SET number = 5, hash = (SELECT hash FROM audit WHERE number = 5)`, audit.Fault{Kind: audit.FaultCut, First: 6, Last: 6}},
	{"the tail cut with the head, the signed heads too", `DELETE FROM audit WHERE number > 5; DELETE FROM audit_signed WHERE number > 5;
		UPDATE audit_head SET number = 5, hash = (SELECT hash FROM audit WHERE number = 5)`, audit.Fault{Kind: audit.FaultCut, First: 6, Last: 6}},
	{"the head set back", `UPDATE audit_head SET number = 8, hash = (SELECT hash FROM audit WHERE number = 8)`, audit.Fault{Kind: audit.FaultForeign, First: 9, Last: 10}},
	{"the hash of the head changed", `UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE number = 9)`, audit.Fault{Kind: audit.FaultChanged, First: 7, Last: 10}},
	{"the head gone", `DELETE FROM audit_head`, audit.Fault{Kind: audit.FaultHead, First: 1, Last: 1}},
	{"a signature changed", `UPDATE audit_signed SET signature = (SELECT signature FROM audit_signed WHERE number = 6) WHERE number = 3`, audit.Fault{Kind: audit.FaultSignature, First: 3, Last: 3}},
	{"the time of a signed head changed", `UPDATE audit_signed SET time = time - 1 WHERE number = 6`, audit.Fault{Kind: audit.FaultSignature, First: 6, Last: 6}},
	{"the number of a signed head changed", `UPDATE audit_signed SET number = 7 WHERE number = 6; UPDATE audit_head SET signed = 7`, audit.Fault{Kind: audit.FaultSignature, First: 7, Last: 7}},
	{"the newest signed head gone", `DELETE FROM audit_signed WHERE number = 6`, audit.Fault{Kind: audit.FaultSignature, First: 6, Last: 6}},
}

func testAuditTampering(t *testing.T, b *auditBench) {
	if b.tamper == nil {
		t.Skip("nothing to tamper with")
	}
	l := b.log()
	for n := 1; n <= 10; n++ {
		e := act("a.b")
		e.Reason, e.Details = fmt.Sprint(n), []audit.Detail{{Name: "dn", Old: "A", New: "B"}}
		b.append(l, e)
		if n == 3 || n == 6 {
			if _, err := l.Sign(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	newest, _, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.keep()
	for _, tampering := range tamperings {
		b.tamper(tampering.statements)
		report := b.verify(l, nil)
		if report.Fault == nil || *report.Fault != tampering.want {
			t.Errorf("%s: found %+v, want %+v", tampering.name, report.Fault, tampering.want)
		}
		b.restore()
	}
	if report := b.verify(l, &audit.Head{Mark: newest}); report.Fault != nil || report.Rows != 10 || report.Signed != 6 {
		t.Fatalf("restored: %+v, %v", report, report.Fault)
	}
	b.cutBehindSignedHead(l, newest)
	b.signChanged(l)
}

// auditTables are what a tampering may change.
var auditTables = []string{"audit", "audit_head", "audit_signed", "audit_key"}

func (b *auditBench) keep() {
	for _, table := range auditTables {
		b.tamper(`CREATE TABLE kept_` + table + ` AS SELECT * FROM ` + table)
	}
}

func (b *auditBench) restore() {
	for _, table := range auditTables {
		b.tamper(`DELETE FROM ` + table + `; INSERT INTO ` + table + ` SELECT * FROM kept_` + table)
	}
}

// cutBehindSignedHead removes every trace of the newest rows: only a head that
// was kept elsewhere tells of them.
func (b *auditBench) cutBehindSignedHead(l *audit.Log, newest audit.Mark) {
	b.tamper(`DELETE FROM audit WHERE number > 8; UPDATE audit_head SET number = 8, hash = (SELECT hash FROM audit WHERE number = 8)`)
	if report := b.verify(l, nil); report.Fault != nil {
		b.t.Errorf("without head: %v", report.Fault)
	}
	want := audit.Fault{Kind: audit.FaultCut, First: 9, Last: 10}
	if report := b.verify(l, &audit.Head{Mark: newest}); report.Fault == nil || *report.Fault != want {
		b.t.Errorf("cut: %v", report.Fault)
	}
	b.append(l, act("c.d")) // the log goes on as if nothing had been
	b.append(l, act("c.d"))
	want = audit.Fault{Kind: audit.FaultChanged, First: 7, Last: 10}
	if report := b.verify(l, &audit.Head{Mark: newest}); report.Fault == nil || *report.Fault != want {
		b.t.Errorf("written anew: %v", report.Fault)
	}
	b.restore()
}

// signChanged: a chain with a fault is not signed.
func (b *auditBench) signChanged(l *audit.Log) {
	for _, statements := range []string{
		`UPDATE audit SET reason = 'x' WHERE number = 8`,
		`DELETE FROM audit WHERE number = 10`,
		`DELETE FROM audit_head`,
		`DELETE FROM audit_signed WHERE number = 6; UPDATE audit_signed SET hash = signature`,
		`DELETE FROM audit WHERE number > 5; UPDATE audit_head SET number = 5, hash = (SELECT hash FROM audit WHERE number = 5)`,
	} {
		b.tamper(statements)
		if _, err := l.Sign(b.t.Context()); audit.CodeOf(err) != audit.CodeBroken {
			b.t.Errorf("%s: signed: %v", statements, err)
		}
		b.restore()
	}
	if head, err := l.Sign(b.t.Context()); err != nil || head.Number != 10 {
		b.t.Errorf("restored: %v, %v", head, err)
	}
}
