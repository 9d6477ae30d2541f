package pbxmessages_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// BenchmarkPost posts texts of many chats to the Messages service on SQLite, over a
// loopback socket, 1,000 at a time: switch, link, service and store in one process.
func BenchmarkPost(b *testing.B) {
	h := newHouse(b)
	const pairs = 200
	var people [2 * pairs]directory.Object
	for i := range people {
		people[i] = h.user(fmt.Sprint("user", i), h.store.ID)
	}
	room := make(chan struct{}, 1000)
	var all sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		room <- struct{}{}
		all.Add(1)
		pair := i % pairs
		p := &signal.Post{
			Author: party(people[2*pair]), To: party(people[2*pair+1]), OfAuthor: true, OfReceiver: true,
			ID: fmt.Sprint("id-", i), At: at, HTML: []byte(`"Hello, this is a message of about two hundred bytes. Hello, this is a message of about two hundred bytes. Hello, this is a message of about two hundred bytes. The end."`),
		}
		h.m.Post(p, func(_ *signal.Turn, r signal.PostResult) {
			if r.MID == 0 {
				b.Errorf("%+v", r)
			}
			<-room
			all.Done()
		})
	}
	all.Wait()
}
