package testkit

import (
	"fmt"
	"slices"
	"time"
)

// unordered plays a block: the receives of one device come in any order, each
// by a frame of its own. First the necessary ones of every device, then what is
// left of the optional ones. A frame that fits several receives is taken by the
// first necessary one.
func (p *player) unordered(s *Step) error {
	limit := p.limit()
	pending := map[string][]*Step{}
	var order []string
	for i := range s.block {
		b := &s.block[i]
		if pending[b.device] == nil {
			order = append(order, b.device)
		}
		pending[b.device] = append(pending[b.device], b)
	}
	for _, name := range order {
		left, err := p.necessary(p.devices[name], pending[name], limit)
		if err != nil {
			return p.wrap(left[0], err)
		}
		pending[name] = left
	}
	for _, name := range order {
		p.optional(p.devices[name], pending[name])
	}
	return nil
}

// necessary takes frames until no receive is left that must be served. It
// returns the optional ones, or on an error the unserved ones.
func (p *player) necessary(dev *device, steps []*Step, limit time.Duration) ([]*Step, error) {
	slices.SortStableFunc(steps, func(a, b *Step) int { return rank(a) - rank(b) })
	for len(steps) > 0 && steps[0].op != opOptional {
		e, ok := dev.peek(limit)
		if !ok {
			return steps, timeout(steps[0], limit)
		}
		i, err := p.fitting(steps, e)
		switch {
		case i >= 0:
			steps = slices.Delete(slices.Clone(steps), i, i+1)
		case e.end != nil || !passes(steps):
			return steps, fmt.Errorf("fits none of the %d receives that are left\n  first: %w",
				len(steps), mismatch(err, steps[0], e))
		}
		dev.take()
	}
	return steps, nil
}

func rank(s *Step) int {
	if s.op == opOptional {
		return 1
	}
	return 0
}

func passes(steps []*Step) bool {
	return slices.ContainsFunc(steps, func(s *Step) bool { return s.op == opPass })
}

// fitting returns the first receive that the event fits, or -1 and why the
// first of all did not fit.
func (p *player) fitting(steps []*Step, e event) (int, error) {
	var first error
	for i, s := range steps {
		err := p.accept(s.pattern, e)
		if err == nil {
			return i, nil
		}
		if first == nil {
			first = err
		}
	}
	return -1, first
}

// optional takes what has come for the optional receives.
func (p *player) optional(dev *device, steps []*Step) {
	for len(steps) > 0 {
		e, ok := dev.peek(optionalLimit)
		if !ok {
			return
		}
		i, _ := p.fitting(steps, e)
		if i < 0 {
			return
		}
		steps = slices.Delete(slices.Clone(steps), i, i+1)
		dev.take()
	}
}
