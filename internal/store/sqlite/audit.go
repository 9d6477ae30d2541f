package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/tandem-switch/tandem/internal/audit"
)

var _ audit.Store = (*Store)(nil)

// auditColumns are the columns of a row of the audit log, in the order of
// auditFields.
const auditColumns = `number, time, actor_kind, actor_id, actor_name, actor_role, from_addr, act, domain, domain_name,
	object_kind, object_id, object_name, outcome, code, reason, details, previous, hash`

// AppendAudit implements audit.Store.
func (s *Store) AppendAudit(ctx context.Context, link func(audit.StoredMark) (audit.Row, error)) error {
	return s.inTx(ctx, func(w *writer) {
		var head audit.StoredMark
		w.err = w.tx.QueryRowContext(ctx, `SELECT number, hash FROM audit_head`).Scan(&head.Number, &head.Hash)
		if w.err != nil {
			return
		}
		var r audit.Row
		if r, w.err = link(head); w.err != nil {
			return
		}
		w.one(`INSERT INTO audit (`+auditColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.Number, r.Time, r.ActorKind, r.ActorID, r.ActorName, r.Role, r.From, r.Act, r.Domain, r.DomainName,
			r.ObjectKind, r.ObjectID, r.ObjectName, r.Outcome, r.Code, r.Reason, r.Details, r.Previous, r.Hash)
		w.one(`UPDATE audit_head SET number = ?, hash = ?`, r.Number, r.Hash)
	})
}

// AuditState implements audit.Store.
func (s *Store) AuditState(ctx context.Context) (state audit.State, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT coalesce(number, 0), hash, coalesce(signed, 0),
		coalesce((SELECT max(number) FROM audit), 0), coalesce((SELECT max(number) FROM audit_signed), 0)
		FROM (SELECT 1) AS here LEFT JOIN audit_head ON true`).Scan(&state.Head.Number, &state.Head.Hash, &state.Signed, &state.LastRow, &state.LastSigned)
	return state, err
}

// ReadAudit implements audit.Store.
func (s *Store) ReadAudit(ctx context.Context, f audit.Filter) ([]audit.Row, error) {
	c, order := auditConditions(f)
	if c.err != nil {
		return nil, c.err
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit WHERE `+strings.Join(c.texts, " AND ")+
		` ORDER BY number `+order+` LIMIT ?`, append(c.args, f.Limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []audit.Row
	for rows.Next() {
		var r audit.Row
		err := rows.Scan(&r.Number, &r.Time, &r.ActorKind, &r.ActorID, &r.ActorName, &r.Role, &r.From, &r.Act, &r.Domain, &r.DomainName,
			&r.ObjectKind, &r.ObjectID, &r.ObjectName, &r.Outcome, &r.Code, &r.Reason, &r.Details, &r.Previous, &r.Hash)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// conditions are what a WHERE holds, with their parameters.
type conditions struct {
	texts []string
	args  []any
	err   error
}

func (c *conditions) add(text string, args ...any) {
	c.texts = append(c.texts, text)
	c.args = append(c.args, args...)
}

// equal adds a condition unless the value is empty.
func (c *conditions) equal(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

// auditConditions never gives an empty list.
func auditConditions(f audit.Filter) (c conditions, order string) {
	switch {
	case !f.Descending:
		c.add("number > ?", f.After)
	case f.After > 0:
		c.add("number < ?", f.After)
	default:
		c.add("number > 0")
	}
	if f.InDomains {
		var list []byte
		list, c.err = json.Marshal(f.Domains)
		c.add("domain IN (SELECT value FROM json_each(?))", string(list))
	}
	c.equal("actor_kind", f.ActorKind)
	c.equal("actor_name", f.ActorName)
	c.equal("object_kind", f.ObjectKind)
	c.equal("object_id", f.ObjectID)
	c.equal("object_name", f.ObjectName)
	c.equal("outcome", f.Outcome)
	if f.Act != "" {
		c.add("(act = ? OR substr(act, 1, ?) = ?)", f.Act, len(f.Act)+1, f.Act+".")
	}
	if f.Since != 0 {
		c.add("time >= ?", f.Since)
	}
	if f.Until != 0 {
		c.add("time < ?", f.Until)
	}
	if f.Descending {
		return c, "DESC"
	}
	return c, "ASC"
}

// SignAudit implements audit.Store.
func (s *Store) SignAudit(ctx context.Context, h audit.SignedRow) error {
	return s.inTx(ctx, func(w *writer) {
		w.exec(`INSERT INTO audit_signed (number, time, hash, signature) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			h.Number, h.Time, h.Hash, h.Signature)
		w.exec(`UPDATE audit_head SET signed = max(signed, ?)`, h.Number)
	})
}

// ReadAuditSigned implements audit.Store.
func (s *Store) ReadAuditSigned(ctx context.Context, after int64, limit int) ([]audit.SignedRow, error) {
	order := "ASC"
	if after < 0 {
		order, limit = "DESC", 1
	}
	rows, err := s.reader.QueryContext(ctx, `SELECT number, time, hash, signature FROM audit_signed
		WHERE number > ? ORDER BY number `+order+` LIMIT ?`, max(after, 0), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []audit.SignedRow
	for rows.Next() {
		var h audit.SignedRow
		if err := rows.Scan(&h.Number, &h.Time, &h.Hash, &h.Signature); err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	return list, rows.Err()
}

// AuditKey implements audit.Store.
func (s *Store) AuditKey(ctx context.Context, k audit.StoredKey) (kept audit.StoredKey, err error) {
	query := `SELECT public, secret FROM audit_key`
	err = s.reader.QueryRowContext(ctx, query).Scan(&kept.Public, &kept.Sealed)
	if !errors.Is(err, sql.ErrNoRows) {
		return kept, err
	}
	err = s.inTx(ctx, func(w *writer) {
		w.exec(`INSERT INTO audit_key (one, public, secret) VALUES (1, ?, ?) ON CONFLICT DO NOTHING`, k.Public, k.Sealed)
		if w.err == nil {
			w.err = w.tx.QueryRowContext(ctx, query).Scan(&kept.Public, &kept.Sealed)
		}
	})
	return kept, err
}

// SwapAuditKey implements audit.Store.
func (s *Store) SwapAuditKey(ctx context.Context, old, sealed []byte) error {
	_, err := s.writer.ExecContext(ctx, `UPDATE audit_key SET secret = ? WHERE secret = ?`, sealed, old)
	return err
}
