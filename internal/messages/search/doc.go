// Package search finds messages by their words. It keeps an index per domain
// behind the log of the store: what is committed there comes into the index a
// moment later, and everything in the index can be made again from the store.
//
// It is not where messages are kept, and it decides nobody's rights: whoever
// asks says in which conversations, and in which part of each, may be looked
// (Ask.Rooms). The texts in the index are plain; HTML is turned into text before
// (Text).
//
// Words are cut and folded here (Fold) and not by the engines: so SQLite and
// PostgreSQL find the same, in any script, whatever their version and locale.
// Both hold the words of a message, and behind them, at idle times, the parts of
// its words in lots of three characters. pg_trgm is not used for that: in a
// database with locale C it passes over every letter beyond ASCII.
//
// One Follower per domain writes to an Index; any number of goroutines may ask
// it at the same time.
package search
