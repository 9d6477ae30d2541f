package appservice

// Unexported formulas that the vectors of the external test need.
var (
	Unseal  = unseal
	Compact = compact
)
