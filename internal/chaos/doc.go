// Package chaos shows that no acknowledged message is lost.
//
// It runs the real programs, has people write to each other, and kills programs in
// the middle of it, with SIGKILL: the Messages service, the switch, both, or the
// database. Clients do what a good client does: they repeat what was not
// acknowledged, under the same id. Then it reads back what is stored. Every
// message that was acknowledged as sent must be there, once, and those of one
// author in one chat in the order in which they were written.
//
// It tests no protocol beyond that, and it measures nothing. The command
// internal/chaos/run is its only caller. SIGKILL says nothing of power cuts: the
// system still has what was written to its files.
package chaos
