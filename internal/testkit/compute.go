package testkit

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

func (p *player) let(s *Step) error {
	text, err := p.vars.expand(s.text)
	if err != nil {
		return err
	}
	value, err := let(s.function, text)
	if err != nil {
		return err
	}
	p.vars.bindText(s.name, value)
	return nil
}

func (p *player) check(s *Step) error {
	equal, left, right, err := p.vars.compare(s.name, s.text)
	if err != nil {
		return err
	}
	if equal != (s.function == "==") {
		return fmt.Errorf("$%s is %s\n  not %s %s", s.name, left, s.function, right)
	}
	return nil
}

// match matches a bound value, which may be the JSON text of a string.
func (p *player) match(s *Step) error {
	n := p.vars.get(s.name)
	if n == nil {
		return fmt.Errorf("$%s is not bound", s.name)
	}
	m := newMatcher(p.vars, p.now())
	if err := m.match(s.pattern, n, ""); err != nil {
		return fmt.Errorf("%w\n  expected: %s\n  bound: %s", err, s.pattern.raw, n.raw)
	}
	m.commit()
	return nil
}

func (p *player) http(s *Step) error {
	n := p.vars.get(s.name)
	if n == nil {
		return fmt.Errorf("$%s is not bound", s.name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, s.function, n.text, strings.NewReader(s.text))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFrame))
	if err != nil {
		return err
	}
	if resp.StatusCode != s.code {
		return fmt.Errorf("status %d, want %d", resp.StatusCode, s.code)
	}
	if s.body != nil && string(body) != *s.body {
		return fmt.Errorf("body %q, want %q", body, *s.body)
	}
	return nil
}
