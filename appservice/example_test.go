package appservice_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tandem-switch/tandem/appservice"
)

// echo is an app service of one API: it says back what it is told. As its name is
// empty it takes the messages without api, the protocol of the service itself.
type echo struct{}

type echoRequest struct {
	Text string `json:"text"`
}

type echoResult struct {
	Text string `json:"text"`
	From string `json:"from"`
}

func (echoResult) MessageType() string { return "EchoResult" }

// Name implements appservice.API.
func (echo) Name() string { return "" }

// Handle implements appservice.API. It runs on the goroutine that reads the
// connection: what takes long is done elsewhere and answered later, with a Clone
// of the frame.
func (echo) Handle(_ context.Context, s appservice.Session, f appservice.Frame) error {
	if f.MT != "Echo" {
		return appservice.ErrUnknownMT
	}
	var req echoRequest
	if err := f.Decode(&req); err != nil {
		return &appservice.Error{Code: 2, Text: "malformed Echo"}
	}
	return s.Reply(f, echoResult{Text: req.Text, From: appservice.LoginOf(s).DN})
}

// Example runs an app service and a client that talks to it. A real service
// registers the Server on the path of its websocket URL; the client may as well
// be the switch that has an App object for this service.
func Example() {
	server, err := appservice.NewServer(appservice.ServerConfig{
		Host:   appservice.SharedPassword{App: "echo", Password: "secret"},
		APIs:   []appservice.API{echo{}},
		Domain: "example.com",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := httptest.NewServer(server)
	defer site.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := appservice.Dial(ctx, appservice.DialConfig{
		URL:      strings.Replace(site.URL, "http", "ws", 1),
		Login:    appservice.PasswordLogin("echo", "example.com"),
		Password: "secret",
		NoRecv:   true, // nothing comes but answers
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := client.Call(ctx, map[string]string{"mt": "Echo", "text": "hello"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.MT, answer.Get("text").String(), answer.Get("from").String())

	_, err = client.Call(ctx, map[string]string{"mt": "Sing"})
	fmt.Println(err)

	_ = client.Close("done")
	_ = server.Shutdown(ctx)
	// Output:
	// EchoResult hello Admin
	// appservice: unknown mt
}

// ExampleSession shows the other way to write a service: a loop that reads one
// session, on a goroutine of its own.
func ExampleSession() {
	serve := func(ctx context.Context, s appservice.Session) {
		for {
			f, err := s.Recv(ctx)
			if err != nil {
				return
			}
			_ = s.Reply(f, echoResult{Text: f.Get("text").String(), From: s.App()})
		}
	}
	server, err := appservice.NewServer(appservice.ServerConfig{
		Host: appservice.SharedPassword{Password: "secret"}, Serve: serve,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	site := httptest.NewServer(server)
	defer site.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := appservice.Dial(ctx, appservice.DialConfig{
		URL: strings.Replace(site.URL, "http", "ws", 1), Login: appservice.PasswordLogin("loop", ""), Password: "secret",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = client.Notify(ctx, map[string]string{"mt": "Echo", "text": "again"})
	f, err := client.Recv(ctx)
	fmt.Println(f.MT, f.Get("text").String(), f.Get("from").String(), err)
	_ = client.Close("")
	_ = server.Shutdown(ctx)
	// Output:
	// EchoResult again loop <nil>
}
