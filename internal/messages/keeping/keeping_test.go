package keeping

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/messages"
)

// What cannot be meant is refused before anything is looked at.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", messages.MaxName+1)
	for _, test := range []struct {
		err  error
		want string // empty: it is fine
	}{
		{Hold{Person: "alice", Note: "case 7"}.check(), ""},
		{Hold{GUID: "a"}.check(), ""},
		{Hold{Conversation: 7}.check(), ""},
		{Hold{}.check(), "Name one"},
		{Hold{Person: "alice", GUID: "a"}.check(), "Name one"},
		{Hold{Person: "alice", Conversation: 7}.check(), "Name one"},
		{Hold{Conversation: -7}.check(), "no conversation"},
		{Hold{Person: long}.check(), "at most"},
		{Hold{Person: "alice", Note: long}.check(), "at most"},
		{Erasure{Person: "alice"}.check(), ""},
		{Erasure{GUID: "a"}.check(), ""},
		{Erasure{}.check(), "Name the person"},
		{Erasure{Person: "alice", GUID: "a"}.check(), "Name the person"},
		{exportError(ChatExport{Person: "alice"}), ""},
		{exportError(ChatExport{GUID: "a", With: "bob", Format: "json"}), ""},
		{exportError(ChatExport{Conversation: 7, Format: "html"}), ""},
		{exportError(ChatExport{}), "Name the person"},
		{exportError(ChatExport{With: "bob", Conversation: 7}), "Name the person"},
		{exportError(ChatExport{Person: "alice", With: "bob", Conversation: 7}), "not by both"},
		{exportError(ChatExport{Person: "alice", Format: "pdf"}), "both, json or html"},
		{exportError(ChatExport{Person: "alice", Conversation: -1}), "no conversation"},
	} {
		switch {
		case test.want == "" && test.err != nil:
			t.Errorf("refused: %v", test.err)
		case test.want != "" && (messages.CodeOf(test.err) != messages.BadParameter || !strings.Contains(test.err.Error(), test.want)):
			t.Errorf("%v, want %q", test.err, test.want)
		}
	}
}

func exportError(e ChatExport) error {
	_, err := e.request()
	return err
}

func TestAbout(t *testing.T) {
	for _, test := range [][2]string{
		{RetentionRule{}.About(), "the domain"},
		{RetentionRule{Conversation: 7}.About(), "conversation 7"},
		{Hold{Conversation: 7}.About(), "conversation 7"},
		{Hold{GUID: "a"}.About(), "a"},
		{Erasure{Person: "alice"}.About(), "alice"},
		{ChatExport{Person: "alice", With: "bob"}.About(), "alice with bob"},
		{ChatExport{Person: "alice", Conversation: 7}.About(), "alice conversation 7"},
	} {
		if test[0] != test[1] {
			t.Errorf("%q, want %q", test[0], test[1])
		}
	}
}

// A client goes on until there is no more.
func TestClientGoesOn(t *testing.T) {
	var asked []string
	answers := []string{`{"items":[{"id":1},{"id":2}],"next":"2"}`, `{"items":[{"id":3}]}`, `{"messages":5,"files":1,"bytes":10,"more":true}`, `{"messages":2}`}
	c := Client{Do: func(_ context.Context, method, domain, path string, in, out any) error {
		asked = append(asked, fmt.Sprint(method, " ", domain, " ", path, " ", in))
		next := answers[0]
		answers = answers[1:]
		return json.Unmarshal([]byte(next), out)
	}, Open: func(_ context.Context, domain, path string) (io.ReadCloser, error) {
		asked = append(asked, domain+" "+path)
		return nil, nil
	}}
	list, err := c.Conversations(t.Context(), Messages{Domain: "a"})
	if err != nil || len(list) != 3 {
		t.Errorf("%v, %v", list, err)
	}
	count, err := c.ErasePerson(t.Context(), ErasePerson{Domain: "a", Erasure: Erasure{Person: "alice"}})
	if err != nil || count != (RetentionCount{Messages: 7, Files: 1, Bytes: 10}) {
		t.Errorf("%+v, %v", count, err)
	}
	if _, err := c.ExportChats(t.Context(), ChatExport{Domain: "a", Person: "al ice", NoFiles: true}); err != nil {
		t.Error(err)
	}
	want := []string{
		"GET a conversations?limit=500 <nil>", "GET a conversations?cursor=2&limit=500 <nil>",
		"POST a erase {alice }", "POST a erase {alice }", "a export?no_files=true&person=al+ice",
	}
	if !reflect.DeepEqual(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}
