package edge

import "github.com/tandem-switch/tandem/trace"

// shown are the flags under which frames of clients are traced.
const shown = trace.PBX | trace.WebSocket

// flag is under which of them a record is filed.
func (e *Edge) flag() trace.Flag {
	if e.tracer.On(trace.PBX) {
		return trace.PBX
	}
	return trace.WebSocket
}

// traceIn shows a frame that came in.
func (c *conn) traceIn(text []byte) {
	if c.edge.tracer.On(shown) {
		c.edge.tracer.Frame(c.edge.flag(), c.id, trace.In, text)
	}
}

// traceOut shows a frame that goes out.
func (c *conn) traceOut(parts [][]byte) {
	if !c.edge.tracer.On(shown) {
		return
	}
	var text []byte
	for _, p := range parts {
		text = append(text, p...)
	}
	c.edge.tracer.Frame(c.edge.flag(), c.id, trace.Out, text)
}

// dropped counts a frame that is not handled and shows why; traceIn has shown the
// frame.
func (c *conn) dropped(reason string) {
	c.edge.drop(reason)
	if c.edge.tracer.On(shown) {
		c.edge.tracer.Drop(c.edge.flag(), c.id, reason, nil)
	}
}

// drop counts something that was refused or ended, by its reason.
func (e *Edge) drop(reason string) { e.metrics.Dropped(reason) }
