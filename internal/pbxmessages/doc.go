// Package pbxmessages is the switch's side of the link to a Messages service
// (appwebsocket.md 4.1, 4.2, 4.6): whatever clients and the switch itself say to the
// service, and what it says to them, over the one connection of each Messages object.
//
// Messages has three faces. It is the API PbxMessages of clients: sessions, and their
// requests, which are passed on with src tokens of the switch. It is the
// signal.Archive: it posts the texts of stored chats, keeps those in a durable outbox
// that the service cannot take at the moment, and resolves groups. And it is the
// appservice.Receiver of Messages objects. It stores no message and knows no rule of
// chats: that is the service; what is passed on to whom is the business of signal.
//
// Frames are spliced as raw JSON: members are left out and put in front, the others
// travel byte for byte.
//
// Concurrency: a service has a lock for its sessions and tickets, Messages one for
// posts and the outbox, which may be held when the former is taken, and guest.mu is
// taken alone. What is told to the switch runs on the goroutines of runner, with no
// lock held. Nothing blocks but the goroutines of the outbox, which wait for the store.
package pbxmessages
