package metric

import (
	"flag"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/signal"
	"github.com/tandem-switch/tandem/trace"
)

var update = flag.Bool("update", false, "write the table of metrics into docs/metrics.md")

func page(t *testing.T, s *Set) string {
	t.Helper()
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if rec.Code != 200 {
		t.Fatalf("status %d", rec.Code)
	}
	return rec.Body.String()
}

func TestEverythingIsCounted(t *testing.T) {
	s := New("1.2", "abc")
	count(s)
	s.WatchQueues(func() (int, int) { return 300, 200 })
	s.WatchLicences(func() Licences {
		return Licences{States: map[string]int{"valid": 3, "expired": 0}, Seats: map[string]Seats{"messages": {10, 7}}, Ends: 36 * time.Hour}
	})
	s.WatchTrace(func() trace.Stats {
		return trace.Stats{Records: map[string]uint64{"PBX": 7, "HTTP/Servlets": 8}, Lost: 9, Rules: 10}
	})
	s.WatchLinks(func() (links, connected int) { return 5, 4 })
	s.WatchMessages(func() MessageStore {
		return MessageStore{Operations: 11, Batches: 12, Retries: 13, Failures: 14, Reads: 15, Queued: 16, CommitTime: 1700 * time.Millisecond, SearchLag: 18}
	})
	got := page(t, s)
	for _, want := range []string{
		`messages_operations_total 11`, `messages_commits_total 12`, `messages_commit_retries_total 13`, `messages_commit_failures_total 14`,
		`messages_reads_total 15`, `messages_queue 16`, `messages_commit_seconds_total 1.7`, `messages_search_lag 18`,
		`messages_links 2`, `messages_sessions 3`, `messages_login_failures_total{reason="credentials"} 1`,
		`messages_requests_total{error="0",mt="ReadChat"} 1`, `messages_requests_total{error="3",mt="ReadChat"} 1`, `messages_request_seconds_total{mt="ReadChat"} 1.5`,
		`messages_post_seconds_bucket{le="0.005"} 1`, `messages_post_seconds_bucket{le="0.002"} 0`, `messages_post_seconds_count 1`,
		`messages_posts_refused_total{error="4"} 1`, `messages_drops_total{reason="full"} 1`,
		`messages_uploads_total 1`, `messages_upload_bytes_total 1000`, `messages_downloads_total 1`, `messages_download_bytes_total 500`,
		`messages_files_refused_total{reason="quota"} 1`, `messages_buffers_ended_total 2`, `messages_blobs_removed_total 3`,
		`messages_indexed_total 7`, `messages_indexed_parts_total 5`, `messages_index_failures_total 1`,
		`messages_deleted_total 2`, `messages_deleted_files_total 4`, `messages_deleted_bytes_total 900`, `messages_retention_failures_total 1`,
		`pbx_links 5`, `pbx_links_connected 4`,
		`pbx_build_info{build="abc",version="1.2"} 1`,
		`pbx_registrations 2`,
		`pbx_calls{kind="chat"} 1`,
		`pbx_calls{kind="media"} 0`,
		`pbx_calls{kind="other"} 1`,
		`pbx_calls_started_total{kind="chat"} 2`,
		`pbx_calls_ended_total{cause="16",kind="chat"} 1`,
		`pbx_calls_ended_total{cause="41",kind="media"} 1`,
		`pbx_messages_total 1`,
		`pbx_drops_total{reason="flood"} 1`,
		`pbx_connections{door="apps"} 1`,
		`pbx_connections_opened_total{door="apps"} 2`,
		`pbx_logins_total{door="apps"} 1`,
		`pbx_login_failures_total{door="client",reason="credentials"} 1`,
		`pbx_frames_total{direction="in"} 1`,
		`pbx_frames_total{direction="out"} 2`,
		`pbx_holds_total 1`,
		`pbx_hold_seconds_total 1.5`,
		`pbx_slow_closes_total 1`,
		`pbx_audit_rows 7`,
		`pbx_audit_signed 5`,
		`pbx_audit_refused_total 1`,
		`pbx_audit_faults_total 1`,
		`pbx_queue_bytes 300`,
		`pbx_queue_longest_bytes 200`,
		`pbx_licences{state="valid"} 3`,
		`pbx_licences{state="expired"} 0`,
		`pbx_licence_seats{feature="messages"} 10`,
		`pbx_licence_seats_used{feature="messages"} 7`,
		`pbx_licence_days_left 1.5`,
		`pbx_trace_records_total{flag="HTTP/Servlets"} 8`,
		`pbx_trace_records_total{flag="PBX"} 7`,
		`pbx_trace_lost_total 9`,
		`pbx_trace_rules 10`,
		`go_memstats_mallocs_total `,
		`process_cpu_seconds_total `,
	} {
		if !strings.Contains(got, "\n"+want) {
			t.Errorf("no line %q in\n%s", want, got)
		}
	}
}

// count calls every method that counts.
func countMessages(m *Messages) {
	m.Links(2)
	m.Sessions(3)
	m.LoginRefused("credentials")
	m.Request("ReadChat", time.Second, 0)
	m.Request("ReadChat", time.Second/2, 3)
	m.Posted(3*time.Millisecond, 0)
	m.Posted(time.Millisecond, 4)
	m.Dropped("full")
	m.Uploaded(1000, time.Second)
	m.Downloaded(500)
	m.Refused("quota")
	m.Collected(2, 3)
	m.Index().Indexed(9, 7)
	m.Index().Deepened(5)
	m.Index().Lag("example.com", 3)
	m.Index().Gone("example.com")
	m.Index().Failed()
	m.Retention().Deleted(2, 4, 900)
	m.Retention().Failed()
}

func count(s *Set) {
	s.Registered(3)
	s.Registered(-1)
	s.CallStarted(signal.ChatCall)
	s.CallStarted(signal.ChatCall)
	s.CallStarted(signal.MediaCall)
	s.CallStarted(signal.OtherCall)
	s.CallStarted(99)
	s.CallEnded(signal.ChatCall, signal.CauseNormal)
	s.CallEnded(signal.MediaCall, signal.CauseTemporaryFailure)
	s.CallEnded(99, 0)
	s.Message()
	s.Dropped("flood")
	s.ConnectionOpened("apps")
	s.ConnectionOpened("apps")
	s.ConnectionClosed("apps")
	s.LoggedIn("apps")
	s.LoginFailed("client", "credentials")
	s.FrameIn()
	s.FrameOut()
	s.FrameOut()
	s.Held(1500 * time.Millisecond)
	countMessages(s.Messages())
	s.SlowClosed()
	s.AuditAppended(7)
	s.AuditAppended(6) // told late
	s.AuditSigned(5)
	s.AuditRefused()
	s.AuditFault()
}

func TestNilSetCountsNothing(t *testing.T) {
	var s *Set
	count(s)
	s.WatchQueues(nil)
	s.WatchLicences(nil)
	s.WatchTrace(nil)
	s.WatchLinks(nil)
	s.WatchMessages(nil)
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if rec.Code != 404 {
		t.Errorf("status %d", rec.Code)
	}
}

func TestSetsDoNotMix(t *testing.T) {
	a, b := New("", ""), New("", "")
	a.Message()
	if got := page(t, b); !strings.Contains(got, "pbx_messages_total 0") {
		t.Error("a message of one Set is counted in another")
	}
}

func TestReasonsAreBounded(t *testing.T) {
	s := New("", "")
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 500 {
				s.Dropped(strconv.Itoa(i))
				s.LoginFailed("apps", strconv.Itoa(worker*500+i))
			}
		})
	}
	group.Wait()
	got := page(t, s)
	for _, name := range []string{"pbx_drops_total{", "pbx_login_failures_total{"} {
		if n := strings.Count(got, "\n"+name); n != maxValues+1 {
			t.Errorf("%d lines of %s", n, name)
		}
	}
	if !strings.Contains(got, `pbx_drops_total{reason="other"} 1600`) {
		t.Error("the rest is not counted as other")
	}
}

func TestLicencesAreBounded(t *testing.T) {
	s := New("", "")
	seats := map[string]Seats{}
	for i := range 150 {
		seats[strconv.Itoa(i)] = Seats{2, 1}
	}
	s.WatchLicences(func() Licences { return Licences{Seats: seats, Ends: -1} })
	for range 2 {
		got := page(t, s)
		if n := strings.Count(got, "\npbx_licence_seats{"); n != maxValues+1 || !strings.Contains(got, `pbx_licence_seats_used{feature="other"} 50`) {
			t.Errorf("%d lines", n)
		}
		if strings.Contains(got, "pbx_licence_days_left") {
			t.Error("an end that does not come is shown")
		}
	}
}

// TestDocumentation compares docs/metrics.md with the table; -update writes it.
func TestDocumentation(t *testing.T) {
	const name = "../../docs/metrics.md"
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(doc), "| name |")
	if !found {
		t.Fatalf("%s has no table", name)
	}
	want := head + New("", "").Table()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(doc) != want {
		t.Errorf("%s is not up to date: run go test ./internal/metric -update", name)
	}
}

func TestCountingDoesNotAllocate(t *testing.T) {
	s := New("", "")
	s.Dropped("flood")
	n := testing.AllocsPerRun(100, func() {
		s.Message()
		s.FrameIn()
		s.FrameOut()
		s.Registered(1)
		s.CallStarted(signal.ChatCall)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMessage(b *testing.B) {
	s := New("", "")
	b.ReportAllocs()
	for b.Loop() {
		s.Message()
	}
}
