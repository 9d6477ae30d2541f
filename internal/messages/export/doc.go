// Package export writes conversations down for somebody to take away: as JSON for
// programs, as HTML for people, and with their files, in one ZIP archive.
//
// The archive is a stream: whatever the size of a chat, only a page of messages
// is in memory, and the list of the entries that a ZIP ends with. A stream that
// breaks off has no such list, so nobody takes a half archive for a whole one.
// The HTML is strict: text is sanitised again, there is no script, nothing is
// loaded from anywhere, and it can be read without a network.
//
// Whoever exports as a person (Request.Person) gets what that person may read, as
// the store decides it. Who may ask for what is the business of the caller.
package export
