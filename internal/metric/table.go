package metric

import (
	"fmt"
	"slices"
	"strings"
)

// Table returns the metrics of the product as a table of Markdown, sorted by
// name. docs/metrics.md holds it.
func (s *Set) Table() string {
	entries := append(slices.Clone(s.entries), queueBytes, queueLongest, licenceStates, licenceSeats, licenceUsed, licenceDays,
		traceRecords, traceLost, traceRules, linksAll, linksUp)
	entries = append(append(entries, messageStoreEntries...), archiveEntries...)
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	b.WriteString("| name | type | labels | meaning |\n|---|---|---|---|\n")
	for _, e := range entries {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.name, e.kind, strings.Join(e.labels, ", "), e.help)
	}
	return b.String()
}
