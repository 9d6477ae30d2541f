package service_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/messages/search"
	"github.com/tandem-switch/tandem/internal/messages/service"
)

// searchable gives the service a real index that follows its store.
func searchable(t *testing.T) func(*service.Config) {
	return func(c *service.Config) {
		index, err := search.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "search.db"))
		if err != nil {
			t.Fatal(err)
		}
		follower, err := search.NewFollower(search.FollowerConfig{Source: c.Store, Index: index})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var work sync.WaitGroup
		work.Go(func() { follower.Run(ctx) })
		t.Cleanup(func() {
			cancel()
			work.Wait()
			index.Close()
		})
		c.Search = &search.Searcher{Index: index}
	}
}

// found asks until the index has seen everything, and there are so many answers:
// parts of words come a moment later.
func (s *session) found(answers int, request string) []frame {
	s.p.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		got := s.ask(request)
		if got[len(got)-1]["behind"] == nil && len(got) == answers || time.Now().After(deadline) {
			return got
		}
	}
}

// The whole way: a text is posted, and found over the wire by those who may read
// it, in any writing, with its words marked.
func TestSearchWithARealIndex(t *testing.T) {
	g := newGround(t, searchable(t))
	p := g.pbx()
	first := id(p.chat("alice", "bob", "Die <b>Straßenbahn</b> kommt"))
	second := id(p.chat("bob", "alice", "welche STRASSE?"))
	p.chat("carol", "dave", "straße der anderen")
	a, b, d := p.session("alice", guid("alice"), ""), p.session("bob", guid("bob"), ""), p.session("eve", guid("eve"), "")
	expect(t, b.found(3, `{"mt":"Search","text":"strasse"}`),
		`{"mt":"SearchInd","sip":"alice","msg":{"id":`+itoa(second)+`},"excerpt":"welche STRASSE?","highlight":[{"from":7,"to":14}]}`,
		`{"mt":"SearchInd","sip":"alice","msg":{"id":`+itoa(first)+`},"excerpt":"Die Straßenbahn kommt","highlight":[{"from":4,"to":10}]}`,
		`{"mt":"SearchResult","!more":0,"!error":0}`)
	expect(t, a.found(2, `{"mt":"Search","sip":"bob","text":"bahn KOMMT","count":1}`),
		`{"mt":"SearchInd","sip":"bob","msg":{"id":`+itoa(first)+`}}`, `{"mt":"SearchResult"}`)
	expect(t, a.found(2, `{"mt":"Search","text":"strasse","older":`+itoa(second)+`}`),
		`{"mt":"SearchInd","msg":{"id":`+itoa(first)+`}}`, `{"mt":"SearchResult"}`)
	expect(t, d.found(1, `{"mt":"Search","text":"strasse"}`), `{"mt":"SearchResult","!error":0}`)
	expect(t, a.found(1, `{"mt":"Search","text":"\" AND * ' NEAR("}`), `{"mt":"SearchResult","!error":0}`)
}
