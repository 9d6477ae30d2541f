package bench

import "sync"

// lobby joins connections that name the same path in pairs.
type lobby[C any] struct {
	mu      sync.Mutex // guards waiting
	waiting map[string]*seat[C]
}

type seat[C any] struct {
	first  C
	second chan C
}

func newLobby[C any]() *lobby[C] { return &lobby[C]{waiting: map[string]*seat[C]{}} }

// join returns the peer of c. The first of a pair waits for the second.
func (l *lobby[C]) join(path string, c C) C {
	l.mu.Lock()
	s, found := l.waiting[path]
	if found {
		delete(l.waiting, path)
		l.mu.Unlock()
		s.second <- c
		return s.first
	}
	s = &seat[C]{first: c, second: make(chan C, 1)}
	l.waiting[path] = s
	l.mu.Unlock()
	return <-s.second
}
