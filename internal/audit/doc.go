// Package audit keeps the audit log: who did what to which object, from where,
// and with which outcome.
//
// It is not the log of the process (that is slog) and no trace. It does not
// decide what is written down either: the administration does, and refuses an
// act whose row cannot be written. SQL is in internal/store, behind the
// interface Store that is declared here.
//
// Rows are appended and never change. They are numbered from 1 without a gap,
// and every row contains the hash of the row before it, so that a changed,
// missing or inserted row shows. What a chain alone cannot show is that its end
// was cut off, or that all of it was written anew. Therefore the head (number
// and hash of the newest row) is signed every hour and told to the log of the
// process, where the one who can write to the database cannot reach it; a head
// kept anywhere proves everything up to it.
//
// # What is hashed
//
// The hash of a row is SHA-256 over the following bytes. An integer is eight
// bytes, big endian, in two's complement; a text is its length in bytes as four
// bytes, big endian, and then the text in UTF-8.
//
//	"tandem audit row" and a zero byte
//	one byte, the version of this list: 1
//	number             integer
//	time               integer, milliseconds since 1970 (UTC)
//	previous           32 bytes, the hash of the row before; zeros in row 1
//	actor              kind, id, name and role: four texts
//	from               text
//	act                text
//	domain             id: integer; name: text
//	object             kind, id and name: three texts
//	outcome, code      two texts
//	reason             text
//	details            their count: integer; of each name, old and new: three texts
//
// A signature is Ed25519 over
//
//	"tandem audit head" and a zero byte
//	one byte, the version of this list: 1
//	number             integer
//	time               integer, when it was signed, milliseconds since 1970
//	hash               32 bytes
//
// Neither list is ever changed; a new one gets a new version.
//
// Everything may be called by several goroutines, and several processes may
// append to one store. Append waits until the row is durable.
package audit
