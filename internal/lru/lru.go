// Package lru remembers a bounded number of things and forgets the one that was
// touched longest ago. It is not a cache with a life of its own: nothing expires
// and nothing runs. What forgets strangers' attempts at the doors is built on it.
// A Table must not be used by several goroutines at once.
package lru

import "container/list"

// Table remembers values by key, at most as many as New was told.
type Table[V any] struct {
	max   int
	byKey map[uint64]*list.Element
	order *list.List // front = touched last
}

type entry[V any] struct {
	key   uint64
	value V
}

// New is a table for at most max values, which must be positive.
func New[V any](max int) *Table[V] {
	return &Table[V]{max: max, byKey: map[uint64]*list.Element{}, order: list.New()}
}

// Get is the value of a key, nil if it is not known.
func (l *Table[V]) Get(key uint64) *V {
	e, ok := l.byKey[key]
	if !ok {
		return nil
	}
	l.order.MoveToFront(e)
	return &e.Value.(*entry[V]).value
}

// Touch is the value of a key, made new if it is not known.
func (l *Table[V]) Touch(key uint64) *V {
	if v := l.Get(key); v != nil {
		return v
	}
	if len(l.byKey) >= l.max {
		oldest := l.order.Back()
		delete(l.byKey, oldest.Value.(*entry[V]).key)
		l.order.Remove(oldest)
	}
	e := &entry[V]{key: key}
	l.byKey[key] = l.order.PushFront(e)
	return &e.value
}

// Forget drops a key.
func (l *Table[V]) Forget(key uint64) {
	if e, ok := l.byKey[key]; ok {
		delete(l.byKey, key)
		l.order.Remove(e)
	}
}

// Len is how many values are remembered.
func (l *Table[V]) Len() int { return len(l.byKey) }
