package main

import (
	"time"

	"github.com/tandem-switch/tandem/internal/edge"
	"github.com/tandem-switch/tandem/signal"
)

// limitFlags are the limits that an operator may set (docs/limits.md). Zero is
// the default, which belongs to the package that keeps the limit.
type limitFlags struct {
	Connections    int `name:"limit-connections" placeholder:"N" help:"Sockets at a time (200,000; -1 is none)."`
	Pending        int `name:"limit-pending" placeholder:"N" help:"Sockets without login at a time (50,000; -1 is none)."`
	PendingAddress int `name:"limit-pending-address" placeholder:"N" help:"The same from one address (20,000; -1 is none)."`

	Queue       int           `name:"limit-queue" placeholder:"BYTES" help:"What waits for one client (1048576)."`
	Credit      int           `name:"limit-credit" placeholder:"BYTES" help:"What one connection may add to a queue over half (65536)."`
	SlowAfter   time.Duration `name:"limit-slow" placeholder:"DURATION" help:"Without a byte taken a client is closed as slow (10s)."`
	OverHalf    time.Duration `name:"limit-over-half" placeholder:"DURATION" help:"How long the queue of a client may stay over half (60s)."`
	LoginTime   time.Duration `name:"limit-login-time" placeholder:"DURATION" help:"Life of a socket without login (120s)."`
	SilentAfter time.Duration `name:"limit-silent" placeholder:"DURATION" help:"Without any frame a connection ends (90s)."`
	PingEvery   time.Duration `name:"limit-ping" placeholder:"DURATION" help:"Between pings (30s)."`

	AdminRequests int           `name:"limit-admin-requests" placeholder:"N" help:"Requests to the administration at a time (256; -1 is none)."`
	AdminBody     int           `name:"limit-admin-body" placeholder:"BYTES" help:"Size of one of them (67108864)."`
	AdminTime     time.Duration `name:"limit-admin-time" placeholder:"DURATION" help:"Time for one of them, live views aside (300s)."`

	ReceiptWait *time.Duration `name:"limit-receipt-wait" placeholder:"DURATION" help:"How long a receipt waits to share a write (10ms; 0 is not at all)."`

	LoginsPair    int `name:"limit-logins-pair" placeholder:"N" help:"Wrong logins to one account from one address before waits begin (10; -1 is none)."`
	LoginsAccount int `name:"limit-logins-account" placeholder:"N" help:"Wrong logins to one account from everywhere (200; -1 is none)."`
	LoginsAddress int `name:"limit-logins-address" placeholder:"N" help:"Wrong logins from one address to all accounts (1000; -1 is none)."`

	SetupRate  float64 `name:"limit-setup-rate" placeholder:"N" help:"Setups of one registration in a second (20)."`
	SetupBurst int     `name:"limit-setup-burst" placeholder:"N" help:"How many of them at once (100)."`
	RegsConn   int     `name:"limit-registrations-connection" placeholder:"N" help:"Registrations on one connection (16)."`
	RegsUser   int     `name:"limit-registrations-user" placeholder:"N" help:"Registrations of one user (64)."`
	Legs       int     `name:"limit-legs" placeholder:"N" help:"Live legs on one connection (4096)."`

	StoredRate  float64 `name:"limit-stored-rate" placeholder:"N" help:"Stored texts of one user in a second (50)."`
	StoredBurst int     `name:"limit-stored-burst" placeholder:"N" help:"How many of them at once (500)."`
}

func (l limitFlags) edge() edge.Limits {
	return edge.Limits{
		Connections: l.Connections, Pending: l.Pending, PendingPerAddress: l.PendingAddress,
		Queue: l.Queue, Credit: l.Credit, SlowAfter: l.SlowAfter, OverHalf: l.OverHalf, LoginTime: l.LoginTime,
		SilentAfter: l.SilentAfter, PingEvery: l.PingEvery, ReceiptWait: l.receiptWait(),
		PairFailures: l.LoginsPair, AccountFailures: l.LoginsAccount, AddressFailures: l.LoginsAddress,
		AdminRequests: l.AdminRequests, AdminBody: l.AdminBody, AdminTime: l.AdminTime,
	}
}

// receiptWait is the time for edge.Limits, where zero is the default: no flag is
// not the same as 0.
func (l limitFlags) receiptWait() time.Duration {
	switch {
	case l.ReceiptWait == nil:
		return 0
	case *l.ReceiptWait <= 0:
		return edge.Unlimited
	}
	return *l.ReceiptWait
}

func (l limitFlags) signal() signal.Limits {
	return signal.Limits{
		SetupRate: l.SetupRate, SetupBurst: l.SetupBurst, RegistrationsPerConn: l.RegsConn,
		RegistrationsPerUser: l.RegsUser, LegsPerConn: l.Legs, StoredRate: l.StoredRate, StoredBurst: l.StoredBurst,
	}
}
