package metric

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// auditLog is what the audit log counts.
type auditLog struct {
	rows, signed    *highest
	refused, faults prometheus.Counter
}

func newAuditLog(s *Set) auditLog {
	return auditLog{
		rows:    &highest{gauge: s.gauge("pbx_audit_rows", "Number of the newest row of the audit log that this server knows.")},
		signed:  &highest{gauge: s.gauge("pbx_audit_signed", "Number of the newest row of the audit log whose head is signed.")},
		refused: s.counter("pbx_audit_refused_total", "Rows that could not be written to the audit log."),
		faults:  s.counter("pbx_audit_faults_total", "Times that the audit log was found changed or cut."),
	}
}

// AuditAppended says that the audit log has a row of that number.
func (s *Set) AuditAppended(number int64) {
	if s != nil {
		s.audit.rows.reached(number)
	}
}

// AuditSigned says that the head of that number is signed.
func (s *Set) AuditSigned(number int64) {
	if s != nil {
		s.audit.signed.reached(number)
	}
}

// AuditRefused counts a row that could not be written.
func (s *Set) AuditRefused() {
	if s != nil {
		s.audit.refused.Inc()
	}
}

// AuditFault counts that the audit log was found changed or cut.
func (s *Set) AuditFault() {
	if s != nil {
		s.audit.faults.Inc()
	}
}

// highest is a gauge of numbers that may be told out of order.
type highest struct {
	mu    sync.Mutex // guards the following
	value int64
	gauge prometheus.Gauge
}

func (h *highest) reached(value int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if value > h.value {
		h.value = value
		h.gauge.Set(float64(value))
	}
}
