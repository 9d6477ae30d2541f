package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is what the build says it is (-ldflags "-X main.version=...").
var version = "dev"

type versionCommand struct {
	JSON bool `name:"json" env:"-" help:"Write JSON."`
}

// Run implements the command.
func (c versionCommand) Run(con console) error {
	v := struct {
		Version  string `json:"version"`
		Revision string `json:"revision"`
		Go       string `json:"go"`
	}{version, revision(), runtime.Version()}
	if c.JSON {
		return writeJSON(con, v)
	}
	_, err := fmt.Fprintf(con.out, "messages-app %s (%s, %s)\n", v.Version, v.Revision, v.Go)
	return err
}

// revision is the commit that this program was built from, as far as the build
// knows it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, changed := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	return revision + changed
}
