// Package testkit plays wire dialogues against a switch: text files that say
// frame by frame what clients send and what must come back. The format is in
// testdata/dialogues/README.md.
//
// Parse reads a file, Check judges it as it stands, Play runs it against a
// Target, RunFile and RunDir do all of that inside a test. A Backend starts the
// switch: inside the test process (InProcess) or as the real program (NewLive).
// Client is the same machinery for tests that are written in Go.
//
// The package shares no code with the switch except the websocket layer: it
// reads JSON, computes digests and judges frames with means of its own, so that
// a mistake does not cancel itself out. It is for tests alone; the product does
// not import it.
//
// Concurrency: a dialogue is played on one goroutine. Each device has one more,
// which reads its socket, judges every frame and puts it into the queue of the
// device.
package testkit
