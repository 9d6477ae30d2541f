package metric

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Messages is what the Messages service and its files count: its methods are those
// of their observers. A nil Messages counts nothing.
type Messages struct {
	links, sessions prometheus.Gauge
	refusedLogins   *prometheus.CounterVec
	requests        *prometheus.CounterVec
	requestTime     *prometheus.CounterVec
	posted          prometheus.Histogram
	refusedPosts    *prometheus.CounterVec
	dropped         *prometheus.CounterVec

	uploaded, uploadedBytes, downloaded, downloadedBytes prometheus.Counter
	refusedFiles                                         *prometheus.CounterVec
	buffers, blobs                                       prometheus.Counter

	indexed, deepened, indexFailures                prometheus.Counter
	deleted, deletedFiles, deletedBytes, failedRuns prometheus.Counter

	kinds *bound
}

// postTimes are the bounds of the times in which a post is stored, in seconds.
var postTimes = []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5}

func newMessages(s *Set) *Messages {
	const posts = "messages_post_seconds"
	m := &Messages{
		links:         s.gauge("messages_links", "Connections of switches to the Messages service now."),
		sessions:      s.gauge("messages_sessions", "Sessions of people at the Messages service now."),
		refusedLogins: s.counters("messages_login_failures_total", "Logins that the Messages service refused, by reason.", "reason"),
		requests:      s.counters("messages_requests_total", "Requests that the Messages service answered, by message and error code (0: none).", "mt", "error"),
		requestTime:   s.counters("messages_request_seconds_total", "Time that these requests took together.", "mt"),
		refusedPosts:  s.counters("messages_posts_refused_total", "Messages that were not stored, by error code.", "error"),
		dropped:       s.counters("messages_drops_total", "What the Messages service left out, by reason.", "reason"),

		uploaded:        s.counter("messages_uploads_total", "Files that arrived."),
		uploadedBytes:   s.counter("messages_upload_bytes_total", "Bytes of these files."),
		downloaded:      s.counter("messages_downloads_total", "Downloads of files, parts of files included."),
		downloadedBytes: s.counter("messages_download_bytes_total", "Bytes that were sent for them."),
		refusedFiles:    s.counters("messages_files_refused_total", "Requests for files that were not served, by reason.", "reason"),
		buffers:         s.counter("messages_buffers_ended_total", "Buffers for files that ended without a message."),
		blobs:           s.counter("messages_blobs_removed_total", "Contents that were removed because nothing refers to them any more."),

		indexed:       s.counter("messages_indexed_total", "Messages that came into the search index, changed ones again."),
		deepened:      s.counter("messages_indexed_parts_total", "Messages of which the parts of words came into the search index."),
		indexFailures: s.counter("messages_index_failures_total", "Steps of the search index that failed and were done again."),
		deleted:       s.counter("messages_deleted_total", "Messages that rules of retention and erasures deleted."),
		deletedFiles:  s.counter("messages_deleted_files_total", "References of files that they deleted."),
		deletedBytes:  s.counter("messages_deleted_bytes_total", "Bytes of these."),
		failedRuns:    s.counter("messages_retention_failures_total", "Runs of retention that failed before their end."),
		kinds:         new(bound),
	}
	m.posted = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: posts, Help: s.describe("histogram", posts, "From the arrival of a message at the Messages service until it is stored.", nil).Help,
		Buckets: postTimes,
	})
	s.registry.MustRegister(m.posted)
	return m
}

// Messages is the part of the set that the Messages service counts with.
func (s *Set) Messages() *Messages {
	if s == nil {
		return nil
	}
	return s.messages
}

// Links is how many switches are connected now.
func (m *Messages) Links(n int) {
	if m != nil {
		m.links.Set(float64(n))
	}
}

// Sessions is how many people have a session now.
func (m *Messages) Sessions(n int) {
	if m != nil {
		m.sessions.Set(float64(n))
	}
}

// LoginRefused counts a login.
func (m *Messages) LoginRefused(reason string) {
	if m != nil {
		m.refusedLogins.WithLabelValues(m.kinds.value(reason)).Inc()
	}
}

// Request counts a request that was answered; failed is its code, 0 for none.
func (m *Messages) Request(mt string, took time.Duration, failed int) {
	if m == nil {
		return
	}
	mt = m.kinds.value(mt)
	m.requests.WithLabelValues(mt, strconv.Itoa(failed)).Inc()
	m.requestTime.WithLabelValues(mt).Add(took.Seconds())
}

// Posted counts a message that was stored, or refused with a code.
func (m *Messages) Posted(took time.Duration, failed int) {
	switch {
	case m == nil:
	case failed != 0:
		m.refusedPosts.WithLabelValues(strconv.Itoa(failed)).Inc()
	default:
		m.posted.Observe(took.Seconds())
	}
}

// Dropped counts what was left out.
func (m *Messages) Dropped(reason string) {
	if m != nil {
		m.dropped.WithLabelValues(m.kinds.value(reason)).Inc()
	}
}

// Uploaded counts a file that arrived.
func (m *Messages) Uploaded(bytes int64, _ time.Duration) {
	if m != nil {
		m.uploaded.Inc()
		m.uploadedBytes.Add(float64(bytes))
	}
}

// Downloaded counts a file, or a part of one, that was sent.
func (m *Messages) Downloaded(bytes int64) {
	if m != nil {
		m.downloaded.Inc()
		m.downloadedBytes.Add(float64(bytes))
	}
}

// Refused counts a request for a file that was not served.
func (m *Messages) Refused(reason string) {
	if m != nil {
		m.refusedFiles.WithLabelValues(m.kinds.value(reason)).Inc()
	}
}

// Collected counts what was cleared away.
func (m *Messages) Collected(buffers, blobs int) {
	if m != nil {
		m.buffers.Add(float64(buffers))
		m.blobs.Add(float64(blobs))
	}
}

// Index is the part that the search index counts with; its methods are those of a
// search.Observer.
type Index struct{ m *Messages }

// Index is that part.
func (m *Messages) Index() Index { return Index{m} }

// Indexed counts messages that came into the index.
func (i Index) Indexed(_, messages int) {
	if i.m != nil {
		i.m.indexed.Add(float64(messages))
	}
}

// Deepened counts messages whose parts of words came into the index.
func (i Index) Deepened(messages int) {
	if i.m != nil {
		i.m.deepened.Add(float64(messages))
	}
}

// Lag is shown by WatchMessages, over all domains.
func (Index) Lag(string, int64) {}

// Gone is of no interest here.
func (Index) Gone(string) {}

// Failed counts a step of the index.
func (i Index) Failed() {
	if i.m != nil {
		i.m.indexFailures.Inc()
	}
}

// Retention is the part that retention counts with; its methods are those of a
// retention.Observer.
type Retention struct{ m *Messages }

// Retention is that part.
func (m *Messages) Retention() Retention { return Retention{m} }

// Deleted counts what was deleted.
func (r Retention) Deleted(messages, files, bytes int64) {
	if r.m != nil {
		r.m.deleted.Add(float64(messages))
		r.m.deletedFiles.Add(float64(files))
		r.m.deletedBytes.Add(float64(bytes))
	}
}

// Failed counts a run.
func (r Retention) Failed() {
	if r.m != nil {
		r.m.failedRuns.Inc()
	}
}

// MessageStore is what the store of the Messages service has done since its start,
// and how it is now.
type MessageStore struct {
	Operations, Batches, Retries, Failures, Reads int64
	Queued                                        int
	CommitTime                                    time.Duration
	// SearchLag is how many changes the search index is behind, over all domains.
	SearchLag int64
}

// WatchMessages has the metrics ask for the store. The function is called at each
// scrape, from any goroutine. WatchMessages is called once.
func (s *Set) WatchMessages(stats func() MessageStore) {
	if s != nil {
		s.registry.MustRegister(&messageStore{stats: stats, descs: describeAll(messageStoreEntries)})
	}
}

// messageStoreEntries are the metrics of WatchMessages, in the order of values.
var messageStoreEntries = []entry{
	{"messages_operations_total", "counter", "Changes that were stored.", nil},
	{"messages_commits_total", "counter", "Commits of the store; changes divided by commits is how many share one.", nil},
	{"messages_commit_seconds_total", "counter", "Time that these commits took together.", nil},
	{"messages_commit_retries_total", "counter", "Commits that had to be done again.", nil},
	{"messages_commit_failures_total", "counter", "Commits that failed.", nil},
	{"messages_reads_total", "counter", "Questions to the store.", nil},
	{"messages_queue", "gauge", "Changes that wait to be stored.", nil},
	{"messages_search_lag", "gauge", "Changes that the search index has not taken in yet.", nil},
}

func (m *MessageStore) values() []float64 {
	return []float64{
		float64(m.Operations), float64(m.Batches), m.CommitTime.Seconds(), float64(m.Retries), float64(m.Failures), float64(m.Reads),
		float64(m.Queued), float64(m.SearchLag),
	}
}

func describeAll(entries []entry) []*prometheus.Desc {
	var list []*prometheus.Desc
	for _, e := range entries {
		list = append(list, prometheus.NewDesc(e.name, e.help, e.labels, nil))
	}
	return list
}

// messageStore is a prometheus.Collector that asks once for all of its metrics.
type messageStore struct {
	stats func() MessageStore
	descs []*prometheus.Desc
}

// Describe implements prometheus.Collector.
func (m *messageStore) Describe(to chan<- *prometheus.Desc) {
	for _, d := range m.descs {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *messageStore) Collect(to chan<- prometheus.Metric) {
	stats := m.stats()
	for i, v := range stats.values() {
		kind := prometheus.CounterValue
		if messageStoreEntries[i].kind == "gauge" {
			kind = prometheus.GaugeValue
		}
		to <- prometheus.MustNewConstMetric(m.descs[i], kind, v)
	}
}
