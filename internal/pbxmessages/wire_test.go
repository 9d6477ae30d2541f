package pbxmessages_test

import (
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// wire is a link without a service behind it.
type wire struct {
	apis string
	sent chan string
	done chan struct{}
}

func (w *wire) APIs() []byte                { return []byte(w.apis) }
func (w *wire) Send(raw []byte) error       { w.sent <- string(raw); return nil }
func (w *wire) Queued() int                 { return 0 }
func (w *wire) Drained(int) <-chan struct{} { return w.done }
func (w *wire) Close(string) error          { return nil }

var _ appservice.Link = (*wire)(nil)

func frame(t *testing.T, text string) appservice.Frame {
	t.Helper()
	f, err := appservice.ParseFrame(new(strictjson.Doc), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}
