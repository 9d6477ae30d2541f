// Command echobot is a bot to begin from: it logs in to a switch as an App
// object, and says back in every chat what it is told.
//
//	echobot -url ws://127.0.0.1:8080/PBX0/APPS/websocket -app echobot -password-file FILE
//
// It uses the public packages alone, as a program in a repository of its own
// would. docs/appservice.md explains it, and shows its frames for those who
// write in another language. Everything it keeps belongs to one goroutine.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/trace"
)

func main() {
	url := flag.String("url", "ws://127.0.0.1:8080/PBX0/APPS/websocket", "application door of the switch")
	app := flag.String("app", "echobot", "name of the App object")
	domain := flag.String("domain", "", "domain of the App object; empty = the one of the switch's host name")
	passwordFile := flag.String("password-file", "", "file with the password of the App object")
	flag.Parse()
	password, err := os.ReadFile(*passwordFile)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	b := bot{url: *url, login: appservice.PasswordLogin(*app, *domain), password: strings.TrimRight(string(password), "\r\n")}
	err = b.run(ctx)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// bot is who logs in, and where.
type bot struct {
	url      string
	login    appservice.Login
	password string
	tracer   *trace.Tracer // nil = off
}

// The bounds of the pause before the bot dials anew.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// run serves until ctx is done, over as many connections as it takes. It gives
// up only when the login is refused: wrong passwords are counted.
func (b bot) run(ctx context.Context) error {
	pause := firstPause
	for {
		began := time.Now()
		err := b.serve(ctx)
		if errors.Is(err, appservice.ErrLoginFailed) {
			return err
		}
		if time.Since(began) > lastPause {
			pause = firstPause // it has worked for a while
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause/2 + rand.N(pause)): // not all bots at once
			log.Printf("dialling again: %v", err)
		}
		pause = min(2*pause, lastPause)
	}
}

// serve logs in, registers, and answers until the connection ends.
func (b bot) serve(ctx context.Context) error {
	c, err := appservice.Dial(ctx, appservice.DialConfig{URL: b.url, Login: b.login, Password: b.password, Tracer: b.tracer})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close("bye") }()
	if err := c.Notify(ctx, register{API: "PbxSignal", MT: "Register", Src: src, Flags: "NO_MEDIA_CALL"}); err != nil {
		return err
	}
	for {
		f, err := c.Recv(ctx)
		if err != nil {
			return err
		}
		if err := handle(ctx, c, f); err != nil {
			return err
		}
	}
}

// src names the one registration of the bot.
const src = "echo"

// register is the message of that name (signal/PROTOCOL.md).
type register struct {
	API   string `json:"api"`
	MT    string `json:"mt"`
	Src   string `json:"src"`
	Flags string `json:"flags"`
}

// signaling is one message of a call.
type signaling struct {
	API  string `json:"api"`
	MT   string `json:"mt"`
	Src  string `json:"src"`
	Err  string `json:"err,omitempty"` // of a RegisterResult
	Call int32  `json:"call"`
	Sig  sig    `json:"sig"`
}

type sig struct {
	Type    string     `json:"type"`
	Channel *int       `json:"channel,omitempty"`
	Cause   *cause     `json:"cau,omitempty"`
	Fty     []facility `json:"fty,omitempty"`
}

type cause struct {
	Num int `json:"num"`
}

// facility has the members of im_setup and im_message that the bot needs.
type facility struct {
	Type string `json:"type"`
	MIME string `json:"mime,omitempty"`
	Data string `json:"data,omitempty"`
	More bool   `json:"more,omitempty"`
}

// handle does what a frame asks for. Frames of which the bot knows nothing are
// passed over: later switches may send more.
func handle(ctx context.Context, c *appservice.Client, f appservice.Frame) error {
	m := parse(f)
	switch {
	case m.MT == "RegisterResult" && m.Err != "":
		return fmt.Errorf("the switch refuses the registration, or ends it: %s", m.Err)
	case m.MT == "Signaling" && m.Sig.Type == "setup":
		return answer(ctx, c, m)
	case m.MT == "Signaling" && m.Sig.Type == "facility":
		return echo(ctx, c, m)
	}
	return nil
}

// parse reads a message of PbxSignal; the result of any other is empty.
func parse(f appservice.Frame) signaling {
	var m signaling
	if err := f.Decode(&m); err != nil || m.API != "PbxSignal" {
		return signaling{}
	}
	return m
}

// answer accepts a chat, and refuses other calls.
func answer(ctx context.Context, c *appservice.Client, setup signaling) error {
	for _, one := range setup.Sig.Fty {
		if one.Type == "im_setup" {
			return send(ctx, c, setup.Call, sig{Type: "conn", Channel: new(int)})
		}
	}
	return send(ctx, c, setup.Call, sig{Type: "rel", Cause: &cause{Num: 88}})
}

// echo sends texts back on the call on which they came. What comes is safe HTML,
// so it can go back as it is. A long text comes in parts, and goes back in parts.
func echo(ctx context.Context, c *appservice.Client, m signaling) error {
	for _, one := range m.Sig.Fty {
		if one.Type != "im_message" || one.Data == "" { // typing has no data
			continue
		}
		back := facility{Type: "im_message", MIME: cmp.Or(one.MIME, "text/html"), Data: one.Data, More: one.More}
		if err := send(ctx, c, m.Call, sig{Type: "facility", Fty: []facility{back}}); err != nil {
			return err
		}
	}
	return nil
}

func send(ctx context.Context, c *appservice.Client, call int32, s sig) error {
	return c.Notify(ctx, signaling{API: "PbxSignal", MT: "Signaling", Src: src, Call: call, Sig: s})
}
