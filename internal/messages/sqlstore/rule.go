package sqlstore

import (
	"context"

	"github.com/tandem-switch/tandem/internal/messages"
)

var _ messages.Retained = (*domainLog)(nil)

// Rules implements messages.Retained.
func (l *domainLog) Rules(ctx context.Context) (rules []messages.Rule, err error) {
	err = l.read(ctx, func(r *reader) error {
		return r.query(`SELECT id, messages, files, changed FROM rule WHERE id >= $1 AND id <= $2 ORDER BY id`, func(scan func(...any) error) error {
			var id int64
			var rule messages.Rule
			err := scan(&id, &rule.Messages, &rule.Files, &rule.Changed)
			rule.Conv = unpack[messages.ConvID](id)
			rules = append(rules, rule)
			return err
		}, firstKey(l.dom), lastKey(l.dom))
	})
	return rules, err
}

// ruleKey is the key of a rule: that of its conversation, or the first of the
// domain.
func (l *domainLog) ruleKey(conv messages.ConvID) int64 { return firstKey(l.dom) | int64(conv) }

// SetRule implements messages.Retained.
func (l *domainLog) SetRule(ctx context.Context, rule messages.Rule) error {
	if err := rule.Check(); err != nil {
		return err
	}
	id := l.ruleKey(rule.Conv)
	return l.s.w.admin(ctx, func(b *batch) error {
		if rule.Conv != 0 {
			there := false
			b.query(`SELECT id FROM conv WHERE id = $1`, func(scan func(...any) error) error {
				there = true
				return scan(new(int64))
			}, id)
			if b.err == nil && !there {
				return notFound("conversation")
			}
		}
		b.put(`INSERT INTO rule (id, messages, files, changed) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET messages = excluded.messages, files = excluded.files, changed = excluded.changed`,
			id, int64(rule.Messages), int64(rule.Files), b.now)
		return b.err
	})
}

// DropRule implements messages.Retained.
func (l *domainLog) DropRule(ctx context.Context, conv messages.ConvID) error {
	return l.s.w.admin(ctx, func(b *batch) error {
		if n := b.exec(`DELETE FROM rule WHERE id = $1`, l.ruleKey(conv)); n == 0 && b.err == nil {
			return notFound("rule")
		}
		return b.err
	})
}
