package facilities

import (
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// ownName ends the name that a client gives itself: the switch writes the name of
// the registered object into setup, alert and conn.
func (t *Table) ownName(_ *signal.View, _ strictjson.Value, out *signal.Verdict) {
	out.Action = signal.Terminate
}

// overrideCLI asks for the cg of the setup as it is; whether the object has the
// right to it, the switch knows (decision 33).
func (t *Table) overrideCLI(_ *signal.View, _ strictjson.Value, out *signal.Verdict) {
	out.Action, out.Feature = signal.Terminate, signal.OverrideCLI
}
