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
	for _, a := range []slog.Attr{
		slog.String("user", r.Peer.name()),
		slog.String("call", r.Call.String()),
		slog.String("leg", r.Leg.name()),
		slog.String("frame", r.Text),
		slog.String("dropped", r.Reason),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "trace", attrs...)
}
