package sqlstore

import (
	"context"
	"strconv"
	"time"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/trace"
)

// traced is an engine that shows its statements while somebody looks: their texts,
// which have no values in them, and how long they took. They belong to no domain, for
// a commit is made for several.
type traced struct {
	engine
	tracer *trace.Tracer
}

// begin implements engine.
func (e traced) begin(ctx context.Context) (tx, error) {
	t, err := e.engine.begin(ctx)
	if err != nil || !e.tracer.On(trace.Database) {
		return t, err
	}
	return tracedTx{t, e.tracer}, nil
}

// read implements engine.
func (e traced) read(ctx context.Context, snapshot bool) (db, func(), error) {
	c, free, err := e.engine.read(ctx, snapshot)
	if err != nil || !e.tracer.On(trace.Database) {
		return c, free, err
	}
	return tracedDB{c, e.tracer}, free, nil
}

// tracedDB shows what it is asked.
type tracedDB struct {
	db
	tracer *trace.Tracer
}

// query implements db.
func (d tracedDB) query(ctx context.Context, text string, each func(scan func(...any) error) error, args ...any) error {
	began := time.Now()
	err := d.db.query(ctx, text, each, args...)
	note(d.tracer, text, began, err)
	return err
}

// exec implements db.
func (d tracedDB) exec(ctx context.Context, text string, args ...any) (int64, error) {
	began := time.Now()
	n, err := d.db.exec(ctx, text, args...)
	note(d.tracer, text, began, err)
	return n, err
}

// tracedTx shows what it is told.
type tracedTx struct {
	tx
	tracer *trace.Tracer
}

// query implements db.
func (t tracedTx) query(ctx context.Context, text string, each func(scan func(...any) error) error, args ...any) error {
	return tracedDB{t.tx, t.tracer}.query(ctx, text, each, args...)
}

// exec implements db.
func (t tracedTx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	return tracedDB{t.tx, t.tracer}.exec(ctx, text, args...)
}

// put implements tx. On PostgreSQL it is sent later, so the time is that of commit.
func (t tracedTx) put(ctx context.Context, text string, args ...any) error {
	began := time.Now()
	err := t.tx.put(ctx, text, args...)
	note(t.tracer, text, began, err)
	return err
}

// commit implements tx.
func (t tracedTx) commit(ctx context.Context) error {
	began := time.Now()
	err := t.tx.commit(ctx)
	note(t.tracer, "COMMIT", began, err)
	return err
}

// note shows a statement.
func note(tracer *trace.Tracer, text string, began time.Time, err error) {
	b := strictjson.AppendString([]byte(`{"sql":`), text)
	b = strconv.AppendInt(append(b, `,"us":`...), time.Since(began).Microseconds(), 10)
	if err != nil {
		b = strictjson.AppendString(append(b, `,"error":`...), err.Error())
	}
	tracer.Note(trace.Event{Flags: trace.Database, Frame: append(b, '}')})
}
