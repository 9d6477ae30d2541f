package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/trace"
)

// Statements are shown while somebody looks, and none of the values in them.
func TestTraceOfStatements(t *testing.T) {
	recorder := trace.NewRecorder(0)
	tracer := trace.Open(trace.Config{Recorder: recorder})
	s, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "m.db"), Options{Tracer: tracer})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log, err := s.Log(t.Context(), "secret.example")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Person(t.Context(), messages.Ref{SIP: "nobody"}); messages.CodeOf(err) != messages.NotFound {
		t.Fatal(err)
	}
	if n := len(recorder.Records(trace.Filter{})); n != 0 {
		t.Fatalf("%d records while nobody looks", n)
	}
	if _, err := tracer.Add(trace.Order{Flags: trace.Database}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Log(t.Context(), "other.example"); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Person(t.Context(), messages.Ref{SIP: "nobody"}); messages.CodeOf(err) != messages.NotFound {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, r := range recorder.Records(trace.Filter{Flags: trace.Database}) {
		all.WriteString(r.Text + "\n")
	}
	for _, want := range []string{"SELECT", "INSERT", "COMMIT", `"us":`} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no %s in\n%s", want, &all)
		}
	}
	if strings.Contains(all.String(), "other.example") || strings.Contains(all.String(), "nobody") {
		t.Errorf("values are shown:\n%s", &all)
	}
}
