//go:build !linux

// Command load needs Linux: it reads the processor clocks of other processes.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "load: this command needs Linux")
	os.Exit(1)
}
