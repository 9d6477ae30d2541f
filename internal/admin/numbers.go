package admin

import (
	"context"
	"net/http"

	"github.com/tandem-switch/tandem/internal/account"
)

// FreeNumbers are numbers that nobody has.
type FreeNumbers struct {
	Numbers []string `json:"numbers" nullable:"false" doc:"The nearest first; empty if there are none near."`
}

func (a *API) registerNumbers() {
	register(a, operation{
		ID: "number-free", Method: http.MethodGet, Path: "/domains/{domain}/numbers/free", Tag: "Objects", Summary: "Numbers that are free near another one",
		Text:  "With as many digits, and at most a thousand away. Another administrator may take them first.",
		Reach: domainInPath, Right: account.Read,
	}, a.freeNumbers)
}

type freeNumbersInput struct {
	InDomain
	Near  string `query:"near" required:"true" maxLength:"64" doc:"The number that is taken."`
	Node  string `query:"node" maxLength:"256" doc:"Node of the numbering plan; absent: the root."`
	Limit int    `query:"limit" minimum:"1" maximum:"20" default:"2" doc:"Most numbers in the answer."`
}

type freeNumbersAnswer struct {
	Body FreeNumbers
}

func (a *API) freeNumbers(ctx context.Context, in *freeNumbersInput) (*freeNumbersAnswer, error) {
	return &freeNumbersAnswer{FreeNumbers{a.Directory.FreeNumbers(calling(ctx).domain.ID, in.Node, in.Near, in.Limit)}}, nil
}
