// Package bench drives a switch with many clients over real sockets and says
// what one message costs its processor, beside servers that do less or other
// work: R, a bare relay with gorilla/websocket; F, a bare relay that coalesces;
// N, nats-server over WebSocket; T, Tandem itself.
//
// It is a measuring instrument, not a client library and not a conformance
// test: it reads just enough of an answer to know that a text or a receipt has
// come. The command internal/bench/load is its only caller.
//
// Every server is a child process on one core; all clients live on another
// core in one Loop, an event loop on raw descriptors without goroutines, so
// that the same, cheap code path drives all four. A Loop belongs to one
// goroutine. The measuring half needs Linux (processor clocks of other
// processes, affinity, epoll).
package bench
