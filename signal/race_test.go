//go:build race

package signal_test

// pooled is how many allocations a run may show: the race detector makes pools
// forget at random.
const pooled = 2
