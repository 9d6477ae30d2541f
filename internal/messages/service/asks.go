package service

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/messages"
)

// resolveMost is how many names one Resolve has.
const resolveMost = 500

// asks are the questions of the service to the switch of a link.
type asks struct {
	link *link

	mu      sync.Mutex // guards the following
	number  int
	pending map[string]chan appservice.Frame
	silent  int  // questions in a row that were not answered
	knows   bool // the switch has answered before
	refused bool // the switch does not know Resolve
}

// patience is how many questions may stay without an answer before none is asked any
// more on this link.
const patience = 2

func newAsks(l *link) *asks { return &asks{link: l, pending: map[string]chan appservice.Frame{}} }

// answered takes a frame that answers a question.
func (a *asks) answered(f appservice.Frame) bool {
	if f.MT != MTResolveResult && f.MT != appservice.MTError {
		return false
	}
	a.mu.Lock()
	answer := a.pending[f.SrcString()]
	delete(a.pending, f.SrcString())
	a.mu.Unlock()
	if answer == nil {
		return f.MT == MTResolveResult || f.Src != nil // too late, or to something else
	}
	answer <- f.Clone()
	return true
}

// errRefused says that the switch cannot be asked.
var errRefused = errors.New("messages: the switch does not say who people are")

// errSilent says that a switch that knows who people are is too busy to say so. A name
// must not count as the identity then: it may be that of somebody else by now.
var errSilent = messages.Errorf(messages.Away, "The switch does not say who these people are; try again later.")

// resolve asks the switch who these names are, as far as the asker may see them.
func (a *asks) resolve(ctx context.Context, asker string, names []string) ([]messages.Ref, error) {
	answer := make(chan appservice.Frame, 1)
	a.mu.Lock()
	if a.refused {
		a.mu.Unlock()
		return nil, errRefused
	}
	a.number++
	src := "ask" + strconv.Itoa(a.number)
	a.pending[src] = answer
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.pending, src)
		a.mu.Unlock()
	}()
	raw, err := appservice.AppendReply(nil, appservice.Frame{Src: []byte(strconv.Quote(src))}, Resolve{User: asker, Names: names})
	if err != nil {
		return nil, err
	}
	a.link.out.put(raw)
	timer := time.NewTimer(resolveTime)
	defer timer.Stop()
	select {
	case f := <-answer:
		return a.read(f)
	case <-timer.C:
		a.mu.Lock()
		knows := a.knows
		a.silent++
		a.refused = a.refused || !knows && a.silent >= patience
		a.mu.Unlock()
		if knows {
			return nil, errSilent
		}
		return nil, errRefused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (a *asks) read(f appservice.Frame) ([]messages.Ref, error) {
	a.mu.Lock()
	a.silent = 0
	a.knows = a.knows || f.MT == MTResolveResult
	a.refused = a.refused || f.MT != MTResolveResult
	refused := a.refused
	a.mu.Unlock()
	if refused {
		return nil, errRefused
	}
	var r ResolveResult
	if err := decode(f.Doc().Root(), &r); err != nil {
		return nil, err
	}
	refs := make([]messages.Ref, 0, len(r.People))
	for _, p := range r.People {
		refs = append(refs, p.ref())
	}
	return refs, nil
}

// find is the person of a name that somebody gives who wants to add, invite or
// write to him.
func (x *session) find(ctx context.Context, name string) (messages.Ref, error) {
	if name == "" {
		return messages.Ref{}, parameter("A name is missing.")
	}
	if !validName(name) {
		return messages.Ref{}, notFound("person")
	}
	found, err := x.link.domain.findAll(ctx, x.who.SIP, []string{name})
	if err != nil {
		return messages.Ref{}, err
	}
	ref, ok := found[strings.ToLower(name)]
	if !ok {
		return messages.Ref{}, notFound("person")
	}
	return ref, nil
}

// findAll finds the people of names whom the asker may see, by the name in lower
// case: from the directory of this process, or from the switch. Where neither answers the name itself is the
// identity, as for a foreign switch, which knows no guids.
func (d *domain) findAll(ctx context.Context, asker string, names []string) (map[string]messages.Ref, error) {
	found := make(map[string]messages.Ref, len(names))
	for len(names) > 0 {
		lot := names[:min(resolveMost, len(names))]
		names = names[len(lot):]
		refs, err := d.ask(ctx, asker, lot)
		if errors.Is(err, errRefused) {
			refs, err = d.byName(ctx, lot), nil
		}
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			found[strings.ToLower(ref.SIP)] = ref
		}
	}
	return found, nil
}

// byName takes names as they are, or for the people who are known under them.
func (d *domain) byName(ctx context.Context, names []string) []messages.Ref {
	refs := make([]messages.Ref, 0, len(names))
	for _, name := range names {
		ref := messages.Ref{SIP: name}
		if p, err := d.log.Person(ctx, ref); err == nil {
			ref = messages.Ref{ID: p.ID, GUID: p.GUID, SIP: p.SIP}
		}
		refs = append(refs, ref)
	}
	return refs
}

func (d *domain) ask(ctx context.Context, asker string, names []string) ([]messages.Ref, error) {
	if d.s.config.People != nil {
		return d.s.config.People.Find(ctx, d.name, asker, names)
	}
	for _, l := range d.trusted() {
		refs, err := l.askPeer.resolve(ctx, asker, names)
		if !errors.Is(err, errRefused) {
			return refs, err
		}
	}
	return nil, errRefused
}
