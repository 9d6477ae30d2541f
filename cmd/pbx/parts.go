package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/tandem-switch/tandem/trace"
)

// parts are the parts of a switch that run beside each other, each until it is
// stopped. The zero value is ready for use by one goroutine.
type parts struct {
	list  []*part
	ended chan struct{} // one element for each part that has ended by itself
}

type part struct {
	name string
	stop context.CancelFunc
	done chan struct{}
	err  error // valid when done is closed
}

// run starts a part. It ends when its context does; if it ends before, wait
// returns.
func (p *parts) run(name string, work func(context.Context) error) {
	if p.ended == nil {
		p.ended = make(chan struct{}, 8)
	}
	ctx, stop := context.WithCancel(context.Background())
	one := &part{name: name, stop: stop, done: make(chan struct{})}
	p.list = append(p.list, one)
	go func() {
		defer close(one.done)
		err := work(ctx)
		if ctx.Err() == nil {
			err = errors.Join(err, errors.New("has ended by itself"))
			p.ended <- struct{}{}
		}
		if err != nil {
			one.err = fmt.Errorf("%s: %w", name, err)
		}
	}()
}

// wait returns when ctx is done, or a part has ended that should not; true if
// everything is to begin anew.
func (p *parts) wait(ctx context.Context, anew <-chan struct{}) bool {
	select {
	case <-ctx.Done():
	case <-p.ended:
	case <-anew:
		return true
	}
	return false
}

// stop stops a part and waits for its end.
func (p *parts) stop(name string) {
	for _, one := range p.list {
		if one.name == name {
			one.stop()
			<-one.done
		}
	}
}

// stopAll stops what still runs, and returns what has gone wrong.
func (p *parts) stopAll() error {
	var errs []error
	for _, one := range p.list {
		one.stop()
		<-one.done
		errs = append(errs, one.err)
	}
	return errors.Join(errs...)
}

// traceSink writes traced frames beside the log, whatever the level of that is.
func traceSink(w io.Writer) trace.Sink {
	return trace.LogSink(slog.New(slog.NewTextHandler(w, nil)))
}

// serveProfiler serves the profiles of this process until ctx is done.
func serveProfiler(ctx context.Context, address string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
