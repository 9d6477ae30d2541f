//go:build !race

package signal_test

// pooled is how many allocations a run may show.
const pooled = 0
