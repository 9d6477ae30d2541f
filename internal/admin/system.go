package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/tandem-switch/tandem/internal/account"
)

// Version says which program answers.
type Version struct {
	Version string `json:"version" doc:"Version of the program."`
	Build   string `json:"build,omitempty" doc:"What it was built from."`
	You     string `json:"you" doc:"Who you are to it."`
}

// spec is the document of the API and the page that is made of it. It is written
// when somebody first asks for it: that takes longer than most commands.
type spec struct {
	json, yaml, page []byte
}

func (a *API) registerSystem() {
	register(a, operation{
		ID: "version", Method: http.MethodGet, Path: "/version", Tag: "System", Summary: "Which program answers, and to whom",
		Reach: oneself,
	}, a.version)
	register(a, operation{
		ID: "openapi-json", Method: http.MethodGet, Path: "/openapi.json", Tag: "System", Summary: "This document, as JSON", Reach: everybody,
	}, func(context.Context, *nothing) (*document, error) {
		s, err := a.spec()
		return &document{ContentType: "application/openapi+json", Body: s.json}, err
	})
	register(a, operation{
		ID: "openapi-yaml", Method: http.MethodGet, Path: "/openapi.yaml", Tag: "System", Summary: "This document, as YAML", Reach: everybody,
	}, func(context.Context, *nothing) (*document, error) {
		s, err := a.spec()
		return &document{ContentType: "application/openapi+yaml", Body: s.yaml}, err
	})
	register(a, operation{
		ID: "docs", Method: http.MethodGet, Path: "/docs", Tag: "System", Summary: "This document, as a page for people", Reach: everybody,
	}, func(context.Context, *nothing) (*document, error) {
		s, err := a.spec()
		return &document{ContentType: "text/html; charset=utf-8", Security: pageSecurity, Body: s.page}, err
	})
}

// pageSecurity allows the page its own style and nothing else.
const pageSecurity = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type document struct {
	ContentType string `header:"Content-Type"`
	Security    string `header:"Content-Security-Policy"`
	Body        []byte
}

type versionAnswer struct {
	Body Version
}

func (a *API) version(ctx context.Context, _ *nothing) (*versionAnswer, error) {
	who, _ := account.FromContext(ctx)
	return &versionAnswer{Version{Version: a.Version, Build: a.Build, You: who.String()}}, nil
}

// writeSpec writes the document of the API and its page.
func (a *API) writeSpec() (s spec, err error) {
	doc := a.huma.OpenAPI()
	for _, ours := range []string{"ErrorModel", "ErrorDetail"} { // of huma, never answered
		delete(doc.Components.Schemas.Map(), ours)
	}
	compact, err := json.Marshal(doc)
	if err != nil {
		return s, fmt.Errorf("admin: the document of the API: %w", err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, compact, "", "  "); err != nil {
		return s, fmt.Errorf("admin: the document of the API: %w", err)
	}
	if s.yaml, err = doc.YAML(); err != nil {
		return s, fmt.Errorf("admin: the document of the API: %w", err)
	}
	s.json = pretty.Bytes()
	s.page, err = writePage(doc)
	return s, err
}
