package memory_test

import (
	"testing"
	"time"

	"github.com/tandem-switch/tandem/filebuffer"
	"github.com/tandem-switch/tandem/filebuffer/indextest"
	"github.com/tandem-switch/tandem/filebuffer/memory"
)

func TestIndex(t *testing.T) {
	indextest.Run(t, func(*testing.T) indextest.Fixture {
		x := memory.New()
		people := map[string]int64{}
		return indextest.Fixture{
			Index: x,
			Person: func(_ *testing.T, domain, name string) int64 {
				if people[domain+name] == 0 {
					people[domain+name] = int64(len(people) + 1)
				}
				return people[domain+name]
			},
			Post: func(_ *testing.T, author, reader filebuffer.Owner, a filebuffer.Attachment) (filebuffer.ID, filebuffer.ID, func(), error) {
				return x.Post(author, []int64{reader.Person}, a, time.Now())
			},
		}
	})
}
