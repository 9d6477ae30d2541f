// Package retention deletes what is not to be kept: messages and files that are
// older than the rules of their domain say (Keeper.Apply), and everything of a
// person (Keeper.Erase).
//
// It writes through the log like everybody else, in batches, and waits between
// them, so that deleting a million messages does not hold a single post up. What
// a legal hold keeps is decided by the store, at that one place. The search index
// follows the log; blobs and thumbnails that have lost their last reference are
// removed by the collector of package filebuffer, which is asked to at the end.
//
// Rules and holds lie in the store; nothing is kept here. A Keeper may be used by
// several goroutines; of a domain one run goes on at a time.
package retention
