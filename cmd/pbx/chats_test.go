package main

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/applink"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/storetest"
	"github.com/tandem-switch/tandem/signal"
)

// What /readyz asks of the hosted service: it is connected for every domain that
// there was at the start, and for no other.
func TestReadyWhenAttached(t *testing.T) {
	sealer, err := directory.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := directory.Open(t.Context(), storetest.NewMemory(), sealer, directory.Config{HostMessages: true})
	if err != nil {
		t.Fatal(err)
	}
	c := newChats(messagesEmbedded, dir, slog.New(slog.DiscardHandler))
	h, err := alone(t, "")
	if err != nil {
		t.Fatal(err)
	}
	c.host.Store(h)
	asked := make(chan struct{}, 100)
	links, err := applink.New(applink.Config{Directory: dir, Hosted: func(context.Context) (net.Conn, error) {
		asked <- struct{}{}
		return nil, net.ErrClosed
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go links.Run(ctx)
	c.noteFirst()
	if err := c.attached(links); err != nil {
		t.Errorf("without a domain: %v", err)
	}
	later, err := dir.AddDomain(t.Context(), "later.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-asked:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody connects")
	}
	if err := c.attached(links); err != nil {
		t.Errorf("a later domain: %v", err)
	}
	c.noteFirst() // as a server that starts now
	if err := c.attached(links); err == nil {
		t.Error("ready, and the service is not connected")
	}
	o, _ := dir.ObjectByName(later.ID, directory.HostedName)
	off := true
	if _, err := dir.SetObject(t.Context(), signal.Address{Domain: later.ID, Object: o.ID}, directory.ObjectEdit{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	if err := c.attached(links); err != nil {
		t.Errorf("a disabled object: %v", err)
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
	if err := c.attached(links); err == nil {
		t.Error("ready, and the service has ended")
	}
}
