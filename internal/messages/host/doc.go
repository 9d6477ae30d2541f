// Package host puts the Messages service together: the store, the files, the search
// index and the service on top of them. cmd/messages-app runs it as a process of its
// own; cmd/pbx runs it in the process of the switch (--messages embedded), where the
// links of the switch reach it by Dial, without a network.
//
// It decides where everything lies and in which order it starts and ends, and
// nothing else: what is stored is the business of the packages below.
//
// A Host is safe for use by several goroutines.
package host
