package edge

import "container/list"

// lru remembers values by key and forgets the one that was touched longest ago
// when there are too many. It is not safe for concurrent use.
type lru[V any] struct {
	max   int
	byKey map[uint64]*list.Element
	order *list.List // front = touched last
}

type lruEntry[V any] struct {
	key   uint64
	value V
}

func newLRU[V any](max int) *lru[V] {
	return &lru[V]{max: max, byKey: map[uint64]*list.Element{}, order: list.New()}
}

// get is the value of a key, nil if it is not known.
func (l *lru[V]) get(key uint64) *V {
	e, ok := l.byKey[key]
	if !ok {
		return nil
	}
	l.order.MoveToFront(e)
	return &e.Value.(*lruEntry[V]).value
}

// touch is the value of a key, made new if it is not known.
func (l *lru[V]) touch(key uint64) *V {
	if v := l.get(key); v != nil {
		return v
	}
	if len(l.byKey) >= l.max {
		oldest := l.order.Back()
		delete(l.byKey, oldest.Value.(*lruEntry[V]).key)
		l.order.Remove(oldest)
	}
	entry := &lruEntry[V]{key: key}
	l.byKey[key] = l.order.PushFront(entry)
	return &entry.value
}

// forget drops a key.
func (l *lru[V]) forget(key uint64) {
	if e, ok := l.byKey[key]; ok {
		delete(l.byKey, key)
		l.order.Remove(e)
	}
}

func (l *lru[V]) len() int { return len(l.byKey) }
