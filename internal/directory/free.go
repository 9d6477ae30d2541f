package directory

import (
	"fmt"
	"strconv"

	"github.com/tandem-switch/tandem/signal"
)

// The reach of FreeNumbers.
const (
	maxFreeDistance = 1000
	maxFreeDigits   = 15 // of numbers that are counted with
)

// FreeNumbers lists up to limit numbers of a node that nobody has, the nearest to
// near first, with as many digits as it. There are none near what is no number,
// or too far away.
func (d *Directory) FreeNumbers(dom signal.DomainID, node, near string, limit int) []string {
	free := []string{}
	middle, err := strconv.ParseUint(near, 10, 64)
	if err != nil || len(near) > maxFreeDigits {
		return free
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	domain := d.mem.domains[dom]
	if domain == nil {
		return free
	}
	take := func(n uint64) {
		number := fmt.Sprintf("%0*d", len(near), n)
		if len(number) == len(near) && len(free) < limit && domain.byNum[domain.fullNumber(node, number)] == nil {
			free = append(free, number)
		}
	}
	for away := uint64(1); away <= maxFreeDistance && len(free) < limit; away++ {
		if away <= middle {
			take(middle - away)
		}
		take(middle + away)
	}
	return free
}
