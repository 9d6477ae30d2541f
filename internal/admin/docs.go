package admin

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"sort"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsHTML string

// The parts of the page of the API.
type (
	docsPage struct {
		Title, Version, Text, Prefix string
		Tags                         []docsTag
		Schemas                      []docsSchema
	}
	docsTag struct {
		Name       string
		Operations []docsOperation
	}
	docsOperation struct {
		*huma.Operation
		Right, Act string
		Body       string // name of the schema
		Answers    []docsAnswer
	}
	docsAnswer struct{ Status, Text, Schema string }
	docsSchema struct {
		Name, Text string
		Members    []docsMember
	}
	docsMember struct {
		Name, Type, Text string
		Required         bool
	}
)

// writePage makes the page for people out of the document. It has no scripts and
// loads nothing.
func writePage(doc *huma.OpenAPI) ([]byte, error) {
	t, err := template.New("docs").Parse(docsHTML)
	if err != nil {
		return nil, fmt.Errorf("admin: the page of the API: %w", err)
	}
	page := docsPage{Title: doc.Info.Title, Version: doc.Info.Version, Text: doc.Info.Description, Prefix: Prefix}
	page.Tags = docsTags(doc)
	for name, s := range doc.Components.Schemas.Map() {
		page.Schemas = append(page.Schemas, docsSchema{Name: name, Text: s.Description, Members: docsMembers(s)})
	}
	sort.Slice(page.Schemas, func(i, j int) bool { return page.Schemas[i].Name < page.Schemas[j].Name })
	var b bytes.Buffer
	err = t.Execute(&b, page)
	return b.Bytes(), err
}

func docsTags(doc *huma.OpenAPI) []docsTag {
	of := map[string][]docsOperation{}
	for _, path := range sortedPaths(doc) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				of[op.Tags[0]] = append(of[op.Tags[0]], docsOf(op))
			}
		}
	}
	tags := make([]docsTag, 0, len(of))
	for name, list := range of {
		tags = append(tags, docsTag{name, list})
	}
	sort.Slice(tags, func(i, j int) bool { return tags[i].Name < tags[j].Name })
	return tags
}

func sortedPaths(doc *huma.OpenAPI) []string {
	paths := make([]string, 0, len(doc.Paths))
	for path := range doc.Paths {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	return paths
}

func docsOf(op *huma.Operation) docsOperation {
	d := docsOperation{Operation: op}
	d.Right, _ = op.Extensions["x-right"].(string)
	d.Act, _ = op.Extensions["x-act"].(string)
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Content {
			d.Body = schemaName(media.Schema)
		}
	}
	for status, answer := range op.Responses {
		one := docsAnswer{Status: status, Text: answer.Description}
		for _, media := range answer.Content {
			one.Schema = schemaName(media.Schema)
		}
		d.Answers = append(d.Answers, one)
	}
	sort.Slice(d.Answers, func(i, j int) bool { return d.Answers[i].Status < d.Answers[j].Status })
	return d
}

func docsMembers(s *huma.Schema) []docsMember {
	var list []docsMember
	for name, member := range s.Properties {
		one := docsMember{Name: name, Type: typeText(member), Text: member.Description}
		for _, required := range s.Required {
			one.Required = one.Required || required == name
		}
		list = append(list, one)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// typeText is a type in words: string, list of Object.
func typeText(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return schemaName(s)
	case s.Items != nil:
		return "list of " + typeText(s.Items)
	case len(s.Enum) > 0:
		return fmt.Sprintf("one of %v", s.Enum)
	}
	return s.Type
}

// schemaName is the name behind a reference.
func schemaName(s *huma.Schema) string {
	const prefix = "#/components/schemas/"
	if s == nil || len(s.Ref) <= len(prefix) {
		return ""
	}
	return s.Ref[len(prefix):]
}
