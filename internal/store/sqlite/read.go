package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/signal"
)

// Read implements directory.Store.
func (s *Store) Read(ctx context.Context, since int64) (directory.Rows, error) {
	var rows directory.Rows
	var floor int64
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return rows, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	err = tx.QueryRowContext(ctx, `SELECT head, floor FROM directory`).Scan(&rows.Head, &floor)
	if err != nil || rows.Head == since {
		return rows, err
	}
	if since < floor || since > rows.Head {
		since = 0
	}
	rows.Full = since == 0
	r := reader{ctx: ctx, tx: tx, since: since}
	rows.Domains = r.domains()
	rows.Objects = r.objects()
	rows.Sessions = r.sessions()
	return rows, r.err
}

// reader reads the tables one after the other; the first error ends it.
type reader struct {
	ctx   context.Context
	tx    *sql.Tx
	since int64
	err   error
}

// each runs scan for every row. The query has since as its only parameter.
func (r *reader) each(query string, scan func(row *sql.Rows) error) {
	if r.err != nil {
		return
	}
	var rows *sql.Rows
	if rows, r.err = r.tx.QueryContext(r.ctx, query, r.since); r.err != nil {
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
		WHERE rev > ?1 AND (?1 > 0 OR deleted = 0)`, func(row *sql.Rows) error {
		var d directory.DomainRow
		var deleted int64
		err := row.Scan(&d.ID, &d.Name, &d.Default, document{&d.Settings}, &d.Rev, &deleted)
		d.Deleted = timeOf(deleted)
		at[d.ID] = len(list)
		list = append(list, d)
		return err
	})
	r.each(`SELECT h.domain, h.name FROM domain d JOIN domain_host h ON h.domain = d.domain
		WHERE d.rev > ?1 AND d.deleted = 0 AND h.place > 0 ORDER BY h.domain, h.place`, func(row *sql.Rows) error {
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
	r.each(`SELECT `+objectColumns+` FROM object WHERE rev > ?1 AND (?1 > 0 OR deleted = 0)`, func(row *sql.Rows) error {
		o, err := scanObject(row)
		at[o.ID] = len(list)
		list = append(list, o)
		return err
	})
	r.each(`SELECT `+deviceColumns+` FROM object o JOIN device d ON d.domain = o.domain AND d.object = o.object
		WHERE o.rev > ?1 AND o.deleted = 0 ORDER BY d.object, d.place`, addDevice(list, at))
	return list
}

const (
	objectColumns = `domain, object, kind, sip, num, node, template, dn, cn, guid, disabled, override_cli, second_factor,
		apis, url, apps, properties, secret, home, profiles, rev, deleted`
	deviceColumns = `d.object, d.hw, d.text, d.app, d.single_reg, d.admin, d.no_filter, d.tls, d.no_mob, d.trusted`
)

func scanObject(row *sql.Rows) (directory.ObjectRow, error) {
	var o directory.ObjectRow
	var deleted int64
	err := row.Scan(&o.Domain, &o.ID, &o.Kind, &o.SIP, &o.Num, &o.Node, &o.Template, &o.DN, &o.CN, &o.GUID, &o.Disabled, &o.OverrideCLI,
		&o.SecondFactor, (*texts)(&o.APIs), &o.URL, (*texts)(&o.Apps), document{&o.Properties}, &o.Secret, &o.Home,
		document{&o.Profiles}, &o.Rev, &deleted)
	o.Deleted = timeOf(deleted)
	return o, err
}

// addDevice scans a device and puts it to its object in the list.
func addDevice(list []directory.ObjectRow, at map[signal.ObjectID]int) func(*sql.Rows) error {
	return func(row *sql.Rows) error {
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
func (s *Store) Tombstones(ctx context.Context, domain signal.DomainID) ([]directory.ObjectRow, error) {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	var list []directory.ObjectRow
	at := map[signal.ObjectID]int{}
	r := reader{ctx: ctx, tx: tx, since: int64(domain)}
	r.each(`SELECT `+objectColumns+` FROM object WHERE domain = ?1 AND deleted > 0 AND properties <> ''`, func(row *sql.Rows) error {
		o, err := scanObject(row)
		at[o.ID] = len(list)
		list = append(list, o)
		return err
	})
	r.each(`SELECT `+deviceColumns+` FROM object o JOIN device d ON d.domain = o.domain AND d.object = o.object
		WHERE o.domain = ?1 AND o.deleted > 0 AND o.properties <> '' ORDER BY d.object, d.place`, addDevice(list, at))
	return list, r.err
}

func (r *reader) sessions() []directory.SessionRow {
	var list []directory.SessionRow
	r.each(`SELECT domain, object, session, user_agent, created, used, code, pending, token, wake, secret, rev, deleted
		FROM session WHERE rev > ?1 AND (?1 > 0 OR deleted = 0)`, func(row *sql.Rows) error {
		var s directory.SessionRow
		var created, used, deleted int64
		err := row.Scan(&s.Owner.Domain, &s.Owner.Object, &s.ID, &s.UserAgent, &created, &used, &s.Code, &s.NeedsAuthorization,
			&s.Token, (*texts)(&s.Wake), &s.Secret, &s.Rev, &deleted)
		s.Created, s.Used, s.Deleted = timeOf(created), timeOf(used), timeOf(deleted)
		list = append(list, s)
		return err
	})
	return list
}

// texts is a list in a column, as JSON.
type texts []string

// Scan implements sql.Scanner.
func (t *texts) Scan(src any) error {
	text, _ := src.(string)
	if text == "" || text == "[]" {
		*t = nil
		return nil
	}
	return json.Unmarshal([]byte(text), (*[]string)(t))
}

func (t texts) column() (string, error) {
	if len(t) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal([]string(t))
	return string(text), err
}

// document is a value in a column, as JSON; an empty column leaves it as it is.
type document struct{ to any }

// Scan implements sql.Scanner.
func (d document) Scan(src any) error {
	text, _ := src.(string)
	if text == "" || text == "{}" {
		return nil
	}
	return json.Unmarshal([]byte(text), d.to)
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
