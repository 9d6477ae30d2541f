//go:build race

package ws_test

// raceOn: under the race detector pools drop buffers at random.
const raceOn = true
