package admin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// timedWriter notes the deadlines that it is given.
type timedWriter struct {
	*httptest.ResponseRecorder
	read, written   []time.Time
	untilFirstWrite int // deadlines of writing before the first one
}

// SetReadDeadline is for http.ResponseController.
func (w *timedWriter) SetReadDeadline(t time.Time) error {
	w.read = append(w.read, t)
	return nil
}

// SetWriteDeadline is for http.ResponseController.
func (w *timedWriter) SetWriteDeadline(t time.Time) error {
	w.written = append(w.written, t)
	return nil
}

// Write implements http.ResponseWriter.
func (w *timedWriter) Write(p []byte) (int, error) {
	if w.untilFirstWrite == 0 {
		w.untilFirstWrite = len(w.written)
	}
	return w.ResponseRecorder.Write(p)
}

// soon tells whether the deadline is a real one that comes within a time.
func soon(t time.Time, within time.Duration) bool {
	return !t.IsZero() && time.Until(t) <= within
}

// Whoever reads or sends nothing for long does not keep a request for ever, and
// what is long has no limit as long as it goes on.
func TestLongRequestsStandStill(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPost, "/admin/v1/domains/one.example/users/import", "sip,dn,num,password\nnew,,,long enough\n"},
		{http.MethodGet, "/admin/v1/domains/one.example/users/export", ""},
		{http.MethodGet, "/admin/v1/audit/export", ""},
	} {
		w := &timedWriter{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		r.Header.Set("Who", "operator")
		d.api.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", c.path, w.Code, w.Body)
		}
		if len(w.written) < 2 || !w.written[0].IsZero() || w.untilFirstWrite < 2 || !soon(w.written[1], time.Minute) {
			t.Errorf("%s: deadlines of the answer %v", c.path, w.written)
		}
		if c.body != "" && (len(w.read) < 3 || !w.read[0].IsZero() || !soon(w.read[1], time.Minute) || !w.read[len(w.read)-1].IsZero()) {
			t.Errorf("%s: deadlines of the body %v", c.path, w.read)
		}
	}
}

// Who took the users of a domain away stands in the audit log.
func TestExportOfUsersIsWrittenDown(t *testing.T) {
	d := newDoor(t)
	equal(t, d.ask("auditor", "GET", "/domains/one.example/users/export", "").status, http.StatusOK)
	got := d.ask("operator", "GET", "/audit?act=user.export", "")
	if !strings.Contains(got.text, `"name":"auditor"`) || !strings.Contains(got.text, `"outcome":"done"`) {
		t.Errorf("audit log: %s", got.text)
	}
}

// What everybody may send comes soon, or not at all.
func TestOpenRequestsAreShort(t *testing.T) {
	d := newDoor(t)
	for _, c := range []struct{ path, kind, body string }{
		{"/admin/v1/session", "application/json", `{"name":"nobody","password":"nothing"}`},
		{"/admin/v1/users/me/password", "application/json", `{"name":"alice","old":"long wrong","new":"long enough"}`},
		{"/admin/setup", "application/x-www-form-urlencoded", "token=x&name=y&password=z&repeat=z"},
	} {
		w := &timedWriter{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		d.api.ServeHTTP(w, r)
		if len(w.read) < 2 || !soon(w.read[0], 10*time.Second) || !w.read[len(w.read)-1].IsZero() {
			t.Errorf("%s: answer %d, deadlines %v", c.path, w.Code, w.read)
		}
	}
}
