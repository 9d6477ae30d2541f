// Package phone is a softphone for chats in a terminal: a myApps client on one
// socket (A10) that registers with an inbox (A2), writes what is typed, shows
// what arrives, and works in scripts as well as by hand.
//
// It is a client: it knows the switch by its protocol alone. cmd/pbx calls Run.
// One goroutine owns all state (the loop of Run); one more reads the input, one
// reads the connection, and both hand over through bounded channels.
package phone
