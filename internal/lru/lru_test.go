package lru

import "testing"

func TestTable(t *testing.T) {
	l := New[int](2)
	*l.Touch(1), *l.Touch(2) = 10, 20
	l.Get(1)
	*l.Touch(3) = 30 // forgets 2
	if l.Get(2) != nil || l.Get(1) == nil || *l.Get(3) != 30 || l.Len() != 2 {
		t.Errorf("after overflow: 1=%v 2=%v 3=%v", l.Get(1), l.Get(2), l.Get(3))
	}
	l.Forget(1)
	if l.Get(1) != nil || l.Len() != 1 {
		t.Error("1 was not forgotten")
	}
}
