package acme

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zapLogger passes what certmagic says to the log, all of it at the level DEBUG:
// strangers cause lines of every level, and what an operator has to know comes as
// an event.
func zapLogger(log *slog.Logger) *zap.Logger { return zap.New(&core{log: log}) }

// core writes to a slog.Logger. It is immutable.
type core struct {
	log    *slog.Logger
	fields []zapcore.Field
}

var _ zapcore.Core = (*core)(nil)

// Enabled implements zapcore.Core.
func (c *core) Enabled(zapcore.Level) bool {
	return c.log.Enabled(context.Background(), slog.LevelDebug)
}

// With implements zapcore.Core.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	return &core{c.log, append(c.fields[:len(c.fields):len(c.fields)], fields...)}
}

// Check implements zapcore.Core.
func (c *core) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(e.Level) {
		return to
	}
	return to.AddCore(e, c)
}

// Write implements zapcore.Core.
func (c *core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	collected := zapcore.NewMapObjectEncoder()
	for _, f := range append(c.fields[:len(c.fields):len(c.fields)], fields...) {
		f.AddTo(collected)
	}
	c.log.Debug("acme: "+e.Message, "level", e.Level.String(), "part", e.LoggerName, "about", collected.Fields)
	return nil
}

// Sync implements zapcore.Core.
func (c *core) Sync() error { return nil }
