//go:build race

package edge

// raced: the race detector allocates too.
const raced = true
