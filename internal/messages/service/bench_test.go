package service_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
)

// BenchmarkPost is a switch that stores messages, with so many in flight at a time,
// over a socket of this machine. It shows what a message costs in service and store,
// decoder and encoder of the switch included.
func BenchmarkPost(b *testing.B) {
	for _, flight := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("flight=%d", flight), func(b *testing.B) { benchmarkPost(b, flight) })
	}
}

func benchmarkPost(b *testing.B, flight int) {
	g := newGround(b)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	c, err := appservice.Dial(ctx, appservice.DialConfig{
		URL: g.url + "/" + dom + "/" + object, Login: login(dom), Password: secret, MaxMessage: appservice.MaxMessageLink,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close("") }()
	text := strings.Repeat("text ", 40)
	send := func(i int) {
		x, y := fmt.Sprintf("u%d", i%200), fmt.Sprintf("v%d", i%200)
		raw := fmt.Sprintf(`{"mt":"Post","src":"p%d","type":1,"author":%q,"id":"%016x","topics":[%q,%q],"notify":[%q],"text":%q,"people":[%s,%s]}`,
			i, x, i, x, y, y, text, who(x), who(y))
		if err := c.Send(ctx, appservice.Frame{Raw: []byte(raw)}); err != nil {
			b.Error(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	sent, done := 0, 0
	for ; sent < min(flight, b.N); sent++ {
		send(sent)
	}
	for done < b.N {
		f, err := c.Recv(ctx)
		if err != nil {
			b.Fatal(err)
		}
		if f.MT != "PostResult" {
			continue
		}
		if f.Get("error").Exists() {
			b.Fatal(string(f.Raw))
		}
		if done++; sent < b.N {
			send(sent)
			sent++
		}
	}
	b.StopTimer()
}
