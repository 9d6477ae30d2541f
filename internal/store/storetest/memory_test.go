package storetest_test

import (
	"testing"

	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() directory.Store {
		m := storetest.NewMemory()
		return func() directory.Store { return m }
	})
}

func TestAuditMemory(t *testing.T) {
	storetest.RunAudit(t, func(*testing.T) (func() storetest.AuditStore, func(string)) {
		m := storetest.NewAuditMemory()
		return func() storetest.AuditStore { return m }, nil
	})
}
