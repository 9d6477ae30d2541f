package trace

import (
	"bytes"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// recorder is a Sink that keeps what it gets.
type recorder struct {
	mu      sync.Mutex
	records []Record
}

func (r *recorder) Trace(record Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, record)
}

func TestFlags(t *testing.T) {
	tests := []struct {
		in   string
		want Flag
		text string
	}{
		{"", 0, ""},
		{"PBX", PBX, "PBX"},
		{"pbx, websocket", PBX | WebSocket, "PBX,HTTP/Servlets"},
		{"http / servlets", WebSocket, "HTTP/Servlets"},
		{"HTTP->Servlets", WebSocket, "HTTP/Servlets"},
		{"App Websocket,,Signalling,PBX", PBX | AppWebsocket | Signalling, "PBX,App Websocket,Signalling"},
		{"appwebsocket,browserconsole", AppWebsocket | BrowserConsole, "App Websocket,Browser Console"},
		{"app,DATABASE", App | Database, "App,Database"},
	}
	for _, tt := range tests {
		got, err := ParseFlags(tt.in)
		if err != nil || got != tt.want || got.String() != tt.text {
			t.Errorf("ParseFlags(%q) = %v, %v, want %v", tt.in, got, err, tt.text)
		}
		if again, err := ParseFlags(got.String()); err != nil || again != got {
			t.Errorf("ParseFlags(%q) = %v, %v", got, again, err)
		}
	}
	if _, err := ParseFlags("PBX,HTTP"); err == nil || !strings.Contains(err.Error(), `"HTTP"`) {
		t.Errorf("unknown flag: %v", err)
	}
}

func TestTracerRecordsWhatIsOn(t *testing.T) {
	sink := new(recorder)
	tracer := New(sink, PBX|App)
	tracer.Frame(PBX, "c1", In, []byte(`{"mt":"x"}`))
	tracer.Frame(WebSocket, "c1", In, []byte(`{"mt":"not on"}`))
	tracer.Drop(App, "c2", "flood", []byte(`{"mt":"y"}`))
	tracer.Set(WebSocket)
	tracer.Frame(PBX, "c1", In, []byte(`{"mt":"no longer on"}`))
	tracer.Frame(WebSocket, "c3", Out, []byte(`{"mt":"z"}`))

	want := []Record{
		{Flag: PBX, Peer: Peer{Conn: "c1"}, Dir: In, Text: `{"mt":"x"}`},
		{Flag: App, Peer: Peer{Conn: "c2"}, Dir: In, Text: `{"mt":"y"}`, Reason: "flood"},
		{Flag: WebSocket, Peer: Peer{Conn: "c3"}, Dir: Out, Text: `{"mt":"z"}`},
	}
	if len(sink.records) != len(want) {
		t.Fatalf("%d records, want %d: %v", len(sink.records), len(want), sink.records)
	}
	for i, got := range sink.records {
		if got.Time.IsZero() {
			t.Errorf("record %d has no time", i)
		}
		got.Time = want[i].Time
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("record %d = %+v, want %+v", i, got, want[i])
		}
	}
}

func TestNilTracerIsOff(t *testing.T) {
	var tracer *Tracer
	tracer.Set(PBX)
	tracer.SetContent(true)
	tracer.Frame(PBX, "", In, nil)
	tracer.Drop(PBX, "", "", nil)
	if tracer.On(PBX) || New(nil, PBX).On(PBX) {
		t.Error("a Tracer without a sink is on")
	}
}

func TestSetWhileFramesPass(t *testing.T) {
	tracer := New(new(recorder), 0)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				tracer.Frame(PBX, "c", In, []byte(`{"data":"x"}`))
			}
		})
	}
	for range 200 {
		tracer.Set(PBX)
		tracer.SetContent(true)
		tracer.Set(0)
	}
	group.Wait()
}

func TestOffCostsNothing(t *testing.T) {
	frame := []byte(`{"mt":"Signaling"}`)
	for name, tracer := range map[string]*Tracer{"nil": nil, "off": New(new(recorder), 0), "other": New(new(recorder), App)} {
		n := testing.AllocsPerRun(100, func() {
			tracer.Frame(PBX, "c1", In, frame)
			tracer.Drop(PBX, "c1", "reason", frame)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestLogSink(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	tracer := New(LogSink(log), PBX)
	tracer.Frame(PBX, "c1", Out, []byte(`{"mt":"x"}`))
	tracer.Drop(PBX, "c1", "flood", []byte("\x01\n"))
	tracer.Drop(PBX, "c2", "nobody_there", nil)
	for _, want := range []string{
		`msg=trace flag=PBX conn=c1 dir=out frame="{\"mt\":\"x\"}"` + "\n",
		`dropped=flood` + "\n",
		`msg=trace flag=PBX conn=c2 dir=in dropped=nobody_there` + "\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("log %q lacks %q", out.String(), want)
		}
	}
}

func BenchmarkFrameOff(b *testing.B) {
	frame := []byte(`{"mt":"Signaling"}`)
	for name, tracer := range map[string]*Tracer{"nil": nil, "off": New(new(recorder), 0)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tracer.Frame(PBX, "c1", In, frame)
			}
		})
	}
}

type discard struct{}

func (discard) Trace(Record) {}

func BenchmarkFrameOn(b *testing.B) {
	frame := []byte(`{"api":"PbxSignal","mt":"Signaling","src":"a","call":1,"sig":{"type":"facility","fty":[{"type":"im_message","mime":"text/html","data":"Hallo <b>Bob</b>"}]}}`)
	tracer := New(discard{}, PBX)
	b.ReportAllocs()
	for b.Loop() {
		tracer.Frame(PBX, "c1", In, frame)
	}
}
