package phone

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// archiveSwitch is a fakeSwitch that answers PbxMessages: reply is what it says to a
// request, each text with its src put in the place of SRC.
type archiveSwitch struct {
	*fakeSwitch
	reply map[string][]string // by mt
	asked []string
}

func (s *archiveSwitch) dial(context.Context) (Line, Identity, error) {
	return s, Identity{SIP: "alice", Domain: "example.com", Name: "Alice"}, nil
}

func (s *archiveSwitch) Send(ctx context.Context, text []byte) error {
	var m struct{ API, MT, Src string }
	if err := json.Unmarshal(text, &m); err != nil || m.API != "PbxMessages" {
		return s.fakeSwitch.Send(ctx, text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, string(text))
	for _, r := range s.reply[m.MT] {
		s.toPhone <- []byte(strings.ReplaceAll(`{"api":"PbxMessages","src":"SRC",`+r+`}`, "SRC", m.Src))
	}
	return nil
}

const sessionMade = `"mt":"SessionResult","session":7`

// script runs a phone on lines of input.
func (s *archiveSwitch) script(t *testing.T, input string) ([]Event, error) {
	t.Helper()
	if s.fakeSwitch == nil {
		s.fakeSwitch = newFakeSwitch()
	}
	var out bytes.Buffer
	err := Run(context.Background(), Config{Dial: s.dial, JSON: true, In: strings.NewReader(input), Out: &out})
	return events(t, out.String()), err
}

// answering is what a phone writes to; once the history is answered it asks who is
// known, and ends.
type answering struct {
	buf  bytes.Buffer
	keys *io.PipeWriter
	once sync.Once
}

func (a *answering) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(`"event":"done"`)) || bytes.Contains(p, []byte(`"event":"error"`)) {
		a.once.Do(func() {
			go func() {
				_, _ = io.WriteString(a.keys, "/who\n")
				_ = a.keys.Close()
			}()
		})
	}
	return a.buf.Write(p)
}

// Looking for a chat that is not there meets nobody, whether that is an error or an
// empty history; one that is there meets its person.
func TestHistoryOfNobody(t *testing.T) {
	for answer, want := range map[string]string{
		`"mt":"ReadChatResult","error":2,"errorText":"no such chat"`: "[]",
		`"mt":"ReadChatResult"`: "[]",
		`"mt":"ReadChatInd","msg":{"id":9,"author":"zzz","text":"x","timestamp":2000}`: "[zzz]",
	} {
		s := &archiveSwitch{reply: map[string][]string{"Session": {sessionMade}, "ReadChat": {answer, `"mt":"ReadChatResult"`}}}
		s.fakeSwitch = newFakeSwitch()
		in, keys := io.Pipe()
		out := &answering{keys: keys}
		_ = Run(context.Background(), Config{Dial: s.dial, JSON: true, In: io.MultiReader(strings.NewReader("/history zzz\n"), in), Out: out}) // an error, where the history was one
		list := events(t, out.buf.String())
		i := slices.IndexFunc(list, func(e Event) bool { return e.Event == evWho })
		if i < 0 || fmt.Sprint(list[i].Peers) != want {
			t.Errorf("%s: %v, want %s", answer, list, want)
		}
	}
}

func TestHistory(t *testing.T) {
	s := &archiveSwitch{reply: map[string][]string{
		"Session": {sessionMade},
		"ReadChat": {
			`"mt":"ReadChatInd","msg":{"id":9,"author":"bob","dn":"Bob","text":"<b>yes</b>","timestamp":2000,"attached":[{"name":"a.png","url":"http://h/a"}]}`,
			`"mt":"ReadChatInd","msg":{"id":8,"author":"Alice","text":"here?","timestamp":1000,"cid":"c8","mime":"text/plain","data":"<here?>"}`,
			`"mt":"ReadChatInd","msg":{"id":7,"author":"alice","text":"old","timestamp":900,"deleted":true}`,
			`"mt":"ReadChatResult"`,
		},
		"ReadMarks": {`"mt":"ReadMarksInd","sip":"bob","state":"delivered"`, `"mt":"ReadMarksInd","sip":"bob","state":"read"`, `"mt":"ReadMarksResult"`},
	}}
	list, err := s.script(t, "/history bob@example.com\n")
	if err != nil {
		t.Fatal(err, list)
	}
	var got []string
	for _, e := range list {
		if e.Event == evHistory || e.Event == evDone {
			got = append(got, fmt.Sprint(e.Event, " ", e.Sender, " ", e.Text, " ", e.Own, " ", e.State, " ", len(e.Files), " ", e.Count))
		}
	}
	want := "[history alice old true sent 0 0 history Alice <here?> true read 0 0 history bob yes false  1 0 done  /history false  0 3]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	if len(s.asked) != 3 || !strings.Contains(s.asked[0], `"flags":"IM_EXT"`) || !strings.Contains(s.asked[1], `"sip":"bob"`) || !strings.Contains(s.asked[2], `"id":8`) {
		t.Errorf("asked %q", s.asked)
	}
}

func TestGroups(t *testing.T) {
	s := &archiveSwitch{reply: map[string][]string{
		"Session":    {sessionMade},
		"ReadGroups": {`"mt":"ReadGroupsInd","id":1,"sip":"messages?g1","dn":"Team"`, `"mt":"ReadGroupsResult"`},
	}}
	list, err := s.script(t, "/groups\n/groups\n")
	if g := find(list, evGroup); err != nil || g.Chat != "messages?g1" || g.Name != "Team" || g.words(false) != "  messages?g1  Team" {
		t.Errorf("%v %+v", err, g)
	}
	if len(s.asked) != 3 { // one session is enough
		t.Errorf("asked %q", s.asked)
	}
}

// What the service refuses, or nobody answers, fails the line.
func TestStoreRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		reply map[string][]string
		want  string
	}{
		"no session":  {map[string][]string{"Session": {`"mt":"Error"`}}, "no chats are stored"},
		"an error":    {map[string][]string{"Session": {sessionMade}, "ReadGroups": {`"mt":"ReadGroupsResult","error":3,"errorText":"not yours"`}}, "not yours"},
		"unknown":     {map[string][]string{"Session": {sessionMade}, "ReadGroups": {`"mt":"Error","error":1,"errorText":"unknown mt"`}}, "unknown mt"},
		"no answer":   {map[string][]string{"Session": {sessionMade}}, ""},
		"no session2": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list, err := (&archiveSwitch{reply: test.reply}).script(t, "/groups\n")
				if err == nil {
					t.Fatal("no error")
				}
				if test.want != "" && !strings.Contains(find(list, evError).Text, test.want) {
					t.Errorf("%+v", list)
				}
			})
		})
	}
}

// A person who waits is told after a while that no answer comes.
func TestStoreDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &archiveSwitch{fakeSwitch: newFakeSwitch(), reply: map[string][]string{"Session": {sessionMade}}}
		in, keys := io.Pipe()
		out, w := io.Pipe()
		done := make(chan error, 1)
		go func() {
			done <- Run(t.Context(), Config{Dial: s.dial, Interactive: true, JSON: true, In: in, Out: w})
			w.Close()
		}()
		go fmt.Fprintln(keys, "/groups")
		decoder := json.NewDecoder(out)
		for {
			var e Event
			if err := decoder.Decode(&e); err != nil {
				t.Fatal(err)
			}
			if e.Event == evError {
				if !strings.Contains(e.Text, "no answer") {
					t.Errorf("%+v", e)
				}
				break
			}
		}
		go func() { _, _ = io.Copy(io.Discard, out) }()
		keys.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestSendFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my plan.txt")
	if err := os.WriteFile(file, []byte("the plan"), 0o600); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[int]string{http.StatusOK: "", http.StatusInsufficientStorage: "quota"} {
		var got string
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = fmt.Sprintf("%s %s %d %s", r.Method, r.URL, r.ContentLength, body)
			w.WriteHeader(status)
			fmt.Fprint(w, "quota")
		}))
		s := &archiveSwitch{reply: map[string][]string{
			"Session":          {sessionMade},
			"CreateFileBuffer": {`"mt":"CreateFileBufferResult","id":1,"url":"` + site.URL + `/tmp/1/x?t=0"`},
		}}
		list, err := s.script(t, "/chat bob\n/send "+file+"\nbehind it\n")
		site.Close()
		if got != "POST /tmp/1/x?t=0 8 the plan" {
			t.Errorf("upload %q", got)
		}
		if (err != nil) != (want != "") || want != "" && !strings.Contains(find(list, evError).Text, want) {
			t.Errorf("%d: %v %+v", status, err, list)
		}
		before, _, sent := strings.Cut(s.received(), "im_message,bob,,behind it")
		if !sent || strings.Contains(before, "im_message,bob,,my plan.txt") != (want == "") {
			t.Errorf("sent %s", s.received())
		}
	}
}

func TestSendWhatIsNoFile(t *testing.T) {
	for _, line := range []string{"/send /nowhere/x", "/chat bob\n/send /nowhere/x", "/chat bob\n/send " + t.TempDir()} {
		if list, err := new(archiveSwitch).script(t, line+"\n"); err == nil || find(list, evError).Text == "" {
			t.Errorf("%q: %v", line, err)
		}
	}
}
