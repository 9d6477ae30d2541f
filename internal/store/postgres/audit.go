package postgres

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tandem-switch/tandem/internal/audit"
)

var _ audit.Store = (*Store)(nil)

// auditColumns are the columns of a row of the audit log.
const auditColumns = `number, time, actor_kind, actor_id, actor_name, actor_role, from_addr, act, domain, domain_name,
	object_kind, object_id, object_name, outcome, code, reason, details, previous, hash`

// AppendAudit implements audit.Store.
func (s *Store) AppendAudit(ctx context.Context, link func(audit.StoredMark) (audit.Row, error)) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var head audit.StoredMark
		// The lock comes first: the head is the newest one.
		err := tx.QueryRow(ctx, `SELECT number, hash FROM audit_head FOR UPDATE`).Scan(&head.Number, &head.Hash)
		if err != nil {
			return err
		}
		r, err := link(head)
		if err != nil {
			return err
		}
		var w writer
		w.one(`INSERT INTO audit (`+auditColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
			r.Number, r.Time, r.ActorKind, r.ActorID, r.ActorName, r.Role, r.From, r.Act, r.Domain, r.DomainName,
			r.ObjectKind, r.ObjectID, r.ObjectName, r.Outcome, r.Code, r.Reason, r.Details, r.Previous, r.Hash)
		w.one(`UPDATE audit_head SET number = $1, hash = $2`, r.Number, r.Hash)
		return w.send(ctx, tx)
	})
}

// AuditState implements audit.Store.
func (s *Store) AuditState(ctx context.Context) (state audit.State, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(number, 0), hash, coalesce(signed, 0),
		coalesce((SELECT max(number) FROM audit), 0), coalesce((SELECT max(number) FROM audit_signed), 0)
		FROM (SELECT 1) AS here LEFT JOIN audit_head ON true`).Scan(&state.Head.Number, &state.Head.Hash, &state.Signed, &state.LastRow, &state.LastSigned)
	return state, err
}

// ReadAudit implements audit.Store.
func (s *Store) ReadAudit(ctx context.Context, f audit.Filter) ([]audit.Row, error) {
	c, order := auditConditions(f)
	rows, err := s.pool.Query(ctx, `SELECT `+auditColumns+` FROM audit WHERE `+strings.Join(c.texts, " AND ")+
		` ORDER BY number `+order+` LIMIT `+strconv.Itoa(f.Limit), c.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r audit.Row, err error) {
		err = row.Scan(&r.Number, &r.Time, &r.ActorKind, &r.ActorID, &r.ActorName, &r.Role, &r.From, &r.Act, &r.Domain, &r.DomainName,
			&r.ObjectKind, &r.ObjectID, &r.ObjectName, &r.Outcome, &r.Code, &r.Reason, &r.Details, &r.Previous, &r.Hash)
		return r, err
	})
}

// conditions are what a WHERE holds, with their parameters.
type conditions struct {
	texts []string
	args  []any
}

// add puts the parameter where the text has a question mark.
func (c *conditions) add(text string, arg any) {
	c.args = append(c.args, arg)
	c.texts = append(c.texts, strings.ReplaceAll(text, "?", "$"+strconv.Itoa(len(c.args))))
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
		c.add("number > ?", int64(0))
	}
	if f.InDomains {
		ids := make([]int64, len(f.Domains))
		for i, id := range f.Domains {
			ids[i] = int64(id)
		}
		c.add("domain = ANY(?)", ids)
	}
	c.equal("actor_kind", f.ActorKind)
	c.equal("actor_name", f.ActorName)
	c.equal("object_kind", f.ObjectKind)
	c.equal("object_id", f.ObjectID)
	c.equal("object_name", f.ObjectName)
	c.equal("outcome", f.Outcome)
	if f.Act != "" {
		c.add("(act = ? OR starts_with(act, ? || '.'))", f.Act)
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
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var w writer
		w.any(`INSERT INTO audit_signed (number, time, hash, signature) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			h.Number, h.Time, h.Hash, h.Signature)
		w.any(`UPDATE audit_head SET signed = greatest(signed, $1)`, h.Number)
		return w.send(ctx, tx)
	})
}

// ReadAuditSigned implements audit.Store.
func (s *Store) ReadAuditSigned(ctx context.Context, after int64, limit int) ([]audit.SignedRow, error) {
	order := "ASC"
	if after < 0 {
		order, limit = "DESC", 1
	}
	rows, err := s.pool.Query(ctx, `SELECT number, time, hash, signature FROM audit_signed
		WHERE number > $1 ORDER BY number `+order+` LIMIT $2`, max(after, 0), limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h audit.SignedRow, err error) {
		err = row.Scan(&h.Number, &h.Time, &h.Hash, &h.Signature)
		return h, err
	})
}

// AuditKey implements audit.Store.
func (s *Store) AuditKey(ctx context.Context, k audit.StoredKey) (kept audit.StoredKey, err error) {
	query := `SELECT public, secret FROM audit_key`
	err = s.pool.QueryRow(ctx, query).Scan(&kept.Public, &kept.Sealed)
	if !errors.Is(err, pgx.ErrNoRows) {
		return kept, err
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO audit_key (one, public, secret) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`, k.Public, k.Sealed)
	if err == nil {
		err = s.pool.QueryRow(ctx, query).Scan(&kept.Public, &kept.Sealed)
	}
	return kept, err
}

// SwapAuditKey implements audit.Store.
func (s *Store) SwapAuditKey(ctx context.Context, old, sealed []byte) error {
	_, err := s.pool.Exec(ctx, `UPDATE audit_key SET secret = $1 WHERE secret = $2`, sealed, old)
	return err
}
