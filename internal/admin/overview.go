package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/metric"
)

// Disk is how full the place of the data directory is.
type Disk struct {
	Free  uint64 `json:"free" doc:"Bytes that are free to the switch."`
	Total uint64 `json:"total" doc:"Bytes altogether."`
}

// Overview is how the switch does.
type Overview struct {
	At      time.Time          `json:"at" doc:"When this was."`
	Started time.Time          `json:"started" doc:"When the switch was started."`
	Store   string             `json:"store" enum:"sqlite,postgres" doc:"Where the switch keeps its data."`
	Now     map[string]float64 `json:"now" doc:"What there is now: registrations, calls (with media), chats, connections, memory (bytes)."`
	Times   []time.Time        `json:"times" doc:"Of the points of the series; the first is the oldest."`
	Series  []metric.Series    `json:"series" doc:"How it went. Commits are those of the hosted Messages service."`
	Drops   []metric.Reason    `json:"drops" doc:"What was dropped in the last hour, the most frequent reason first."`
	Disk    *Disk              `json:"disk,omitempty" doc:"The place of the data directory."`
}

// Running is what an Overview needs to know of the program.
type Running struct {
	History *metric.History
	Started time.Time
	Store   string // sqlite or postgres
	// Disk tells how full the place of the data directory is; nil where that cannot
	// be told.
	Disk func() (Disk, error)
}

func (a *API) registerOverview() {
	if a.Running == nil {
		return
	}
	register(a, operation{
		ID: "overview", Method: http.MethodGet, Path: "/overview", Tag: "Live", Summary: "Show how the switch does",
		Text:  "Numbers of all domains together, now and over a time that the switch remembers since it was started.",
		Reach: installation, Right: account.Read,
	}, a.overview)
}

type (
	overviewInput struct {
		Span string `query:"span" enum:"15m,6h,7d" default:"15m" doc:"How far the series go back: with points each 5 seconds, 2 or 30 minutes."`
	}
	overviewAnswer struct {
		Body Overview
	}
)

func (a *API) overview(_ context.Context, in *overviewInput) (*overviewAnswer, error) {
	r := a.Running
	o := Overview{At: a.Clock.Now(), Started: r.Started, Store: r.Store, Now: r.History.Now(), Drops: r.History.Drops()}
	o.Times, o.Series = r.History.Look(metric.Span(in.Span))
	if r.Disk != nil {
		if disk, err := r.Disk(); err == nil {
			o.Disk = &disk
		} else {
			a.Log.Warn("the place of the data directory could not be looked at", "err", err)
		}
	}
	return &overviewAnswer{o}, nil
}
