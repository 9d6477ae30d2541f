package main

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/internal/metric"
	"github.com/tandem-switch/tandem/signal"
)

// licences opens the licences of the store. Changes of the directory are told to
// them.
func (o *openedDirectory) licences(ctx context.Context, mode string, log *slog.Logger) (*licence.Gate, error) {
	gate, err := licence.Open(ctx, o.store, o.ring, assignments{o.Directory}, licence.Config{Mode: licence.Mode(mode), Log: log})
	if err != nil {
		return nil, err
	}
	o.Watch(func(change directory.Change) {
		switch change.What {
		case directory.DomainSet, directory.DomainGone, directory.ObjectSet, directory.ObjectGone:
			gate.Changed(change.Address.Domain)
		}
	})
	return gate, nil
}

// assignments is the directory as the licences see it.
type assignments struct{ dir *directory.Directory }

var _ licence.People = assignments{}

// Sync implements licence.People.
func (a assignments) Sync(ctx context.Context) error { return a.dir.Sync(ctx) }

// Domains implements licence.People.
func (a assignments) Domains() []licence.Domain {
	var list []licence.Domain
	for _, domain := range a.dir.Domains() {
		list = append(list, licence.Domain{ID: domain.ID, Name: domain.Name})
	}
	return list
}

// Assigned implements licence.People. It looks at the domain once, so that a large
// one costs little.
func (a assignments) Assigned(domain signal.DomainID) iter.Seq2[signal.ObjectID, []string] {
	type holder struct {
		object, template signal.ObjectID
		own              []string
	}
	var holders []holder
	templates := map[signal.ObjectID][]string{}
	a.dir.Objects(domain, func(o *directory.Object) bool {
		switch {
		case o.Kind == directory.Template:
			templates[o.ID] = o.AppLics
		case o.Template != 0 || len(o.AppLics) > 0:
			holders = append(holders, holder{o.ID, o.Template, o.AppLics})
		}
		return false
	})
	return func(yield func(signal.ObjectID, []string) bool) {
		for _, h := range holders {
			for _, names := range [][]string{h.own, templates[h.template]} {
				if len(names) > 0 && !yield(h.object, names) {
					return
				}
			}
		}
	}
}

// licenceTotals is what the metrics show of the licences.
func licenceTotals(gate *licence.Gate) func() metric.Licences {
	return func() metric.Licences {
		now := gate.Totals()
		shown := metric.Licences{States: map[string]int{}, Seats: map[string]metric.Seats{}, Ends: -1}
		for state, n := range now.States {
			shown.States[string(state)] = n
		}
		for feature, total := range now.Features {
			shown.Seats[feature] = metric.Seats(total)
		}
		if !now.Ends.IsZero() {
			shown.Ends = max(time.Until(now.Ends), 0)
		}
		return shown
	}
}
