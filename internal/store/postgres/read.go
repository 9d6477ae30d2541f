package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Read implements directory.Store. It never waits for a commit.
func (s *Store) Read(ctx context.Context, since int64) (rows directory.Rows, err error) {
	head := `SELECT head, floor FROM directory`
	var floor int64
	// Nearly always nothing is new: that costs one statement.
	err = s.pool.QueryRow(ctx, head).Scan(&rows.Head, &floor)
	if err != nil || rows.Head == since {
		return rows, err
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, head).Scan(&rows.Head, &floor); err != nil {
			return err
		}
		if since < floor || since > rows.Head {
			since = 0
		}
		rows.Full = since == 0
		r := reader{ctx: ctx, tx: tx, since: since}
		rows.Domains = r.domains()
		rows.Objects = r.objects()
		rows.Sessions = r.sessions()
		return r.err
	})
	return rows, err
}

// reader reads the tables one after the other; the first error ends it.
type reader struct {
	ctx   context.Context
	tx    pgx.Tx
	since int64
	err   error
}

// each runs scan for every row. The query has since as its only parameter.
func (r *reader) each(query string, scan func(row pgx.Rows) error) {
	if r.err != nil {
		return
	}
	rows, err := r.tx.Query(r.ctx, query, r.since)
	if err != nil {
		r.err = err
		return
	}
	defer rows.Close()
	for rows.Next() {
		if r.err = scan(rows); r.err != nil {
			return
		}
	}
	r.err = rows.Err()
}

func (r *reader) domains() []directory.DomainRow {
	var list []directory.DomainRow
	at := map[signal.DomainID]int{}
	r.each(`SELECT domain, name, is_default, settings, rev, deleted FROM domain
		WHERE rev > $1 AND ($1 > 0 OR deleted = 0)`, func(row pgx.Rows) error {
		var d directory.DomainRow
		var deleted int64
		var settings string
		err := row.Scan(&d.ID, &d.Name, &d.Default, &settings, &d.Rev, &deleted)
		err = errors.Join(err, document(settings, &d.Settings))
		d.Deleted = timeOf(deleted)
		at[d.ID] = len(list)
		list = append(list, d)
		return err
	})
	r.each(`SELECT h.domain, h.name FROM domain d JOIN domain_host h ON h.domain = d.domain
		WHERE d.rev > $1 AND d.deleted = 0 AND h.place > 0 ORDER BY h.domain, h.place`, func(row pgx.Rows) error {
		var id signal.DomainID
		var host string
		err := row.Scan(&id, &host)
		if err == nil {
			list[at[id]].Hosts = append(list[at[id]].Hosts, host)
		}
		return err
	})
	return list
}

func (r *reader) objects() []directory.ObjectRow {
	var list []directory.ObjectRow
	at := map[signal.ObjectID]int{}
	r.each(`SELECT `+objectColumns+` FROM object WHERE rev > $1 AND ($1 > 0 OR deleted = 0)`, func(row pgx.Rows) error {
		o, err := scanObject(row)
		at[o.ID] = len(list)
		list = append(list, o)
		return err
	})
	r.each(`SELECT `+deviceColumns+` FROM object o JOIN device d ON d.domain = o.domain AND d.object = o.object
		WHERE o.rev > $1 AND o.deleted = 0 ORDER BY d.object, d.place`, addDevice(list, at))
	return list
}

const (
	objectColumns = `domain, object, kind, sip, num, node, template, dn, cn, guid, disabled, override_cli, second_factor,
		apis, url, apps, properties, secret, home, profiles, rev, deleted`
	deviceColumns = `d.object, d.hw, d.text, d.app, d.single_reg, d.admin, d.no_filter, d.tls, d.no_mob, d.trusted`
)

func scanObject(row pgx.Rows) (directory.ObjectRow, error) {
	var o directory.ObjectRow
	var deleted int64
	var properties, profiles string
	err := row.Scan(&o.Domain, &o.ID, &o.Kind, &o.SIP, &o.Num, &o.Node, &o.Template, &o.DN, &o.CN, &o.GUID, &o.Disabled, &o.OverrideCLI,
		&o.SecondFactor, &o.APIs, &o.URL, &o.Apps, &properties, &o.Secret, &o.Home, &profiles, &o.Rev, &deleted)
	o.APIs, o.Apps, o.Deleted = none(o.APIs), none(o.Apps), timeOf(deleted)
	return o, errors.Join(err, document(properties, &o.Properties), document(profiles, &o.Profiles))
}

// addDevice scans a device and puts it to its object in the list.
func addDevice(list []directory.ObjectRow, at map[signal.ObjectID]int) func(pgx.Rows) error {
	return func(row pgx.Rows) error {
		var id signal.ObjectID
		var dev directory.Device
		err := row.Scan(&id, &dev.HW, &dev.Text, &dev.App, &dev.SingleReg, &dev.Admin, &dev.NoFilter, &dev.TLS, &dev.NoMob, &dev.Trusted)
		if err == nil {
			list[at[id]].Devices = append(list[at[id]].Devices, dev)
		}
		return err
	}
}

// Tombstones implements directory.Store.
func (s *Store) Tombstones(ctx context.Context, domain signal.DomainID) (list []directory.ObjectRow, err error) {
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		at := map[signal.ObjectID]int{}
		r := reader{ctx: ctx, tx: tx, since: int64(domain)}
		r.each(`SELECT `+objectColumns+` FROM object WHERE domain = $1 AND deleted > 0 AND properties <> ''`, func(row pgx.Rows) error {
			o, err := scanObject(row)
			at[o.ID] = len(list)
			list = append(list, o)
			return err
		})
		r.each(`SELECT `+deviceColumns+` FROM object o JOIN device d ON d.domain = o.domain AND d.object = o.object
			WHERE o.domain = $1 AND o.deleted > 0 AND o.properties <> '' ORDER BY d.object, d.place`, addDevice(list, at))
		return r.err
	})
	return list, err
}

func (r *reader) sessions() []directory.SessionRow {
	var list []directory.SessionRow
	r.each(`SELECT domain, object, session, user_agent, created, used, code, pending, token, wake, secret, rev, deleted
		FROM session WHERE rev > $1 AND ($1 > 0 OR deleted = 0)`, func(row pgx.Rows) error {
		var s directory.SessionRow
		var created, used, deleted int64
		err := row.Scan(&s.Owner.Domain, &s.Owner.Object, &s.ID, &s.UserAgent, &created, &used, &s.Code, &s.NeedsAuthorization,
			&s.Token, &s.Wake, &s.Secret, &s.Rev, &deleted)
		s.Created, s.Used, s.Deleted = timeOf(created), timeOf(used), timeOf(deleted)
		s.Wake = none(s.Wake)
		list = append(list, s)
		return err
	})
	return list
}

// none and some turn empty lists to nil and back: columns are never null.
func none(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// document reads a value from JSON; an empty text leaves it as it is.
func document(text string, to any) error {
	if text == "" || text == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(text), to)
}

// timeOf and millis turn times to and from columns; the zero time is 0.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
