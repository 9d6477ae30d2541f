//go:build !race

package ws_test

// raceOn tells whether the race detector runs.
const raceOn = false
