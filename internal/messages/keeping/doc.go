// Package keeping is what administrators do with the messages of a domain that are
// stored: rules of retention, legal holds, the erasure of people, exports, the search
// index.
//
// A Desk does it, where the Messages service runs: the administration of the switch
// that hosts the service has one, and so has messages-app. A Client asks a Desk from a
// command, by the same requests in both programs; what carries them is not decided
// here. Rights, reasons and the written record of who did what belong to whoever has
// the Desk.
//
// A Desk and a Client may be used by several goroutines.
package keeping
