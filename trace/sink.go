package trace

import (
	"context"
	"log/slog"
)

// LogSink returns a Sink that writes each record as one line of the log.
func LogSink(log *slog.Logger) Sink { return logSink{log} }

type logSink struct{ log *slog.Logger }

// Trace implements Sink. It blocks as long as the handler of the log does.
func (s logSink) Trace(r Record) {
	attrs := []slog.Attr{
		slog.String("flag", r.Flag.String()),
		slog.String("conn", r.Conn),
		slog.String("dir", r.Dir.String()),
	}
	if r.Text != "" {
		attrs = append(attrs, slog.String("frame", r.Text))
	}
	if r.Reason != "" {
		attrs = append(attrs, slog.String("dropped", r.Reason))
	}
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "trace", attrs...)
}
