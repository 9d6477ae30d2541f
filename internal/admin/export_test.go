package admin

import "github.com/danielgtaylor/huma/v2"

// ActNames are how the audit log calls the operations.
func ActNames(a *API) (names []string) {
	for _, path := range a.huma.OpenAPI().Paths {
		for _, h := range []*huma.Operation{path.Get, path.Post, path.Put, path.Patch, path.Delete} {
			if h != nil {
				act, _ := h.Extensions["x-act"].(string)
				names = append(names, (&operation{ID: h.OperationID, Act: act}).actName())
			}
		}
	}
	return names
}
