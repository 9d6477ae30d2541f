package edge

import (
	"time"

	"github.com/tandem-switch/tandem/internal/guard"
)

// Unlimited switches a limit off that counts something.
const Unlimited = -1

// Limits bounds what strangers and clients may use. A zero member stands for its
// default; docs/limits.md lists them all. Members that count may be Unlimited.
type Limits struct {
	Connections       int // sockets at a time (200,000)
	Pending           int // sockets without login at a time (50,000)
	PendingPerAddress int // the same from one address (20,000: many stand behind one proxy)

	MessageBefore int // bytes of a message before the login (4,096; larger: 1009)
	MessageAfter  int // bytes of a message after it (65,535; larger: 1009)

	Queue     int           // bytes that wait for one client (1 MiB; full: closed as slow)
	Credit    int           // bytes one connection may add to a queue over half (64 KiB)
	SlowAfter time.Duration // without one byte accepted, then closed as slow (10 s)
	OverHalf  time.Duration // for which a queue may stay over half, then closed as slow (60 s)

	ReceiptWait time.Duration // for which a receipt waits for company (10 ms; below 0: it leaves at once)

	PingEvery    time.Duration // between pings (30 s)
	SilentAfter  time.Duration // without any frame, then the connection ends (90 s)
	LoginTime    time.Duration // life of a socket without login (120 s)
	SecondFactor time.Duration // to confirm a login on another session (120 s)

	PairFailures     int           // wrong logins to one account from one address before waits begin (10)
	PairWait         time.Duration // first wait, doubling (1 s)
	PairWaitMax      time.Duration // longest wait (15 min)
	AccountFailures  int           // wrong logins to one account from everywhere (200)
	AccountForgive   time.Duration // one of them is forgiven in this time (30 s)
	AddressFailures  int           // wrong logins from one address to all accounts (1,000)
	AddressForgive   time.Duration // one of them is forgiven in this time (200 ms)
	Remembered       int           // accounts, addresses and pairs kept in mind, each (65,536)
	NonceWindow      time.Duration // a nonce may not come again within this time (10 min)
	ForwardedHops    int           // entries of X-Forwarded-For that are looked at (16)
	HeaderBytes      int           // of an HTTP request (16 KiB)
	HeaderTime       time.Duration // to send the header of a request (10 s)
	AdminRequests    int           // requests to the administration at a time (256)
	AdminBody        int           // bytes of one of them (64 MiB; larger: refused)
	AdminTime        time.Duration // for one of them, unless it is a live view (5 min)
	ShutdownPatience time.Duration // for clients to take what is queued for them (5 s)
}

// defaults are the limits of an installation that sets none.
func defaults() Limits {
	return Limits{
		Connections:       200_000,
		Pending:           50_000,
		PendingPerAddress: 20_000,
		MessageBefore:     4096,
		MessageAfter:      65535,
		Queue:             1 << 20,
		Credit:            64 << 10,
		SlowAfter:         10 * time.Second,
		OverHalf:          60 * time.Second,
		ReceiptWait:       10 * time.Millisecond,
		PingEvery:         30 * time.Second,
		SilentAfter:       90 * time.Second,
		LoginTime:         120 * time.Second,
		SecondFactor:      120 * time.Second,
		PairFailures:      10,
		PairWait:          time.Second,
		PairWaitMax:       15 * time.Minute,
		AccountFailures:   200,
		AccountForgive:    30 * time.Second,
		AddressFailures:   1000,
		AddressForgive:    200 * time.Millisecond,
		Remembered:        65_536,
		NonceWindow:       10 * time.Minute,
		ForwardedHops:     16,
		HeaderBytes:       16 << 10,
		HeaderTime:        10 * time.Second,
		AdminRequests:     256,
		AdminBody:         64 << 20,
		AdminTime:         5 * time.Minute,
		ShutdownPatience:  5 * time.Second,
	}
}

// withDefaults fills in what is zero.
func (l Limits) withDefaults() Limits {
	d := defaults()
	counts := []struct{ have, def *int }{
		{&l.Connections, &d.Connections}, {&l.Pending, &d.Pending},
		{&l.PendingPerAddress, &d.PendingPerAddress}, {&l.MessageBefore, &d.MessageBefore},
		{&l.MessageAfter, &d.MessageAfter},
		{&l.Queue, &d.Queue}, {&l.Credit, &d.Credit},
		{&l.PairFailures, &d.PairFailures}, {&l.AccountFailures, &d.AccountFailures},
		{&l.AddressFailures, &d.AddressFailures}, {&l.Remembered, &d.Remembered},
		{&l.ForwardedHops, &d.ForwardedHops},
		{&l.HeaderBytes, &d.HeaderBytes},
		{&l.AdminRequests, &d.AdminRequests}, {&l.AdminBody, &d.AdminBody},
	}
	for _, c := range counts {
		if *c.have == 0 {
			*c.have = *c.def
		}
	}
	times := []struct{ have, def *time.Duration }{
		{&l.SlowAfter, &d.SlowAfter}, {&l.OverHalf, &d.OverHalf}, {&l.PingEvery, &d.PingEvery},
		{&l.SilentAfter, &d.SilentAfter}, {&l.LoginTime, &d.LoginTime},
		{&l.SecondFactor, &d.SecondFactor}, {&l.PairWait, &d.PairWait},
		{&l.PairWaitMax, &d.PairWaitMax}, {&l.AccountForgive, &d.AccountForgive},
		{&l.AddressForgive, &d.AddressForgive}, {&l.NonceWindow, &d.NonceWindow},
		{&l.HeaderTime, &d.HeaderTime}, {&l.AdminTime, &d.AdminTime}, {&l.ShutdownPatience, &d.ShutdownPatience},
	}
	for _, t := range times {
		if *t.have <= 0 {
			*t.have = *t.def
		}
	}
	if l.ReceiptWait == 0 {
		l.ReceiptWait = d.ReceiptWait
	}
	return l
}

// Guard are the limits of attempts to log in, for Config.Guard.
func (l Limits) Guard() guard.Limits {
	l = l.withDefaults()
	return guard.Limits{
		PairFailures: l.PairFailures, PairWait: l.PairWait, PairWaitMax: l.PairWaitMax,
		AccountFailures: l.AccountFailures, AccountForgive: l.AccountForgive,
		AddressFailures: l.AddressFailures, AddressForgive: l.AddressForgive, Remembered: l.Remembered,
	}
}

// Most is how many sockets there may be at a time; below 0 is no limit.
func (l Limits) Most() int { return l.withDefaults().Connections }

// within tells whether one more is allowed where n are there already.
func within(n, limit int) bool { return limit < 0 || n < limit }
