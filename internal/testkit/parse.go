package testkit

import (
	"fmt"
	"iter"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseFile reads and parses a dialogue file.
func ParseFile(path string) (*Dialogue, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text)
}

// Parse reads a dialogue. The error joins a LineError for every line that is
// not of the format.
func Parse(file string, text []byte) (*Dialogue, error) {
	p := &parser{d: &Dialogue{File: file}, errs: lineErrors{file: file}, seen: map[string]bool{}}
	lines := strings.Split(string(text), "\n")
	p.d.lines = len(lines)
	p.steps = &p.d.Steps
	for i, l := range lines {
		p.line(i+1, l)
	}
	if p.steps != &p.d.Steps {
		p.errs.add(len(lines), "unordered is not closed")
	}
	if !p.body {
		p.errs.add(len(lines), "no empty line behind the header")
	}
	return p.d, p.errs.join()
}

type parser struct {
	d     *Dialogue
	errs  lineErrors
	seen  map[string]bool // keys of the header
	body  bool            // behind the header
	steps *[]Step         // of the file, or of the open block
}

func (p *parser) line(n int, l string) {
	switch {
	case !p.body && l == "":
		p.body = true
		p.complete(n)
	case !p.body:
		p.header(n, l)
	case l == "" || strings.HasPrefix(l, "#"):
	default:
		p.step(n, l)
	}
}

// complete checks that the header says what it must.
func (p *parser) complete(n int) {
	for _, key := range []string{"title", "source", "needs", "devices"} {
		if !p.seen[key] {
			p.errs.add(n, "header without %s", key)
		}
	}
}

var (
	headerForm = regexp.MustCompile(`^(title|source|needs|never|people|objects|groups|diverts|devices): (.+)$`)
	personForm = regexp.MustCompile(`^([\w-]+) (\d+) "([^"]*)" (\S+)( messages=no)?$`)
	objectForm = regexp.MustCompile(`^([\w-]+) (\S+) apis=(\S+)(?: rights=(\S+))?$`)
	groupForm  = regexp.MustCompile(`^([\w-]+) (\d+) "([^"]*)" members=(\S+)$`)
	divertForm = regexp.MustCompile(`^([\w-]+) (cfu|cfb|cfnr) (\S+)$`)
	deviceForm = regexp.MustCompile(`^([\w-]+\.\d+)((?: \S+)*)$`)
)

func (p *parser) header(n int, l string) {
	m := headerForm.FindStringSubmatch(l)
	if m == nil {
		p.errs.add(n, "not a header line")
		return
	}
	if err := p.headerLine(m[1], m[2]); err != nil {
		p.errs.add(n, "%s: %v", m[1], err)
	}
	p.seen[m[1]] = true
}

func (p *parser) headerLine(key, value string) error {
	switch key {
	case "title":
		p.d.Title = value
	case "source":
		p.d.Source = value
	case "needs":
		return p.needs(value)
	case "never":
		p.d.Never = strings.Fields(value)
	case "people":
		return p.person(value)
	case "objects":
		return p.object(value)
	case "groups":
		return p.group(value)
	case "diverts":
		return p.divert(value)
	case "devices":
		return p.device(value)
	}
	return nil
}

func (p *parser) needs(value string) error {
	words := strings.Fields(value)
	p.d.Needs.Stored = slices.Contains(words, "stored")
	if p.d.Needs.Stored == slices.Contains(words, "volatile") {
		return fmt.Errorf("either volatile or stored")
	}
	for _, w := range words {
		challenge, fixed := strings.CutPrefix(w, "fixed-challenge=")
		switch {
		case fixed:
			p.d.Needs.FixedChallenge = challenge
		case w == "clock":
			p.d.Needs.Clock = true
		case w != "stored" && w != "volatile":
			return fmt.Errorf("unknown word %s", w)
		}
	}
	return nil
}

func (p *parser) person(value string) error {
	m := personForm.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf(`want: name number "Display" password [messages=no]`)
	}
	p.d.People = append(p.d.People, Person{m[1], m[2], m[3], m[4], m[5] != ""})
	return nil
}

func (p *parser) object(value string) error {
	m := objectForm.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf("want: name password apis=A,B [rights=C]")
	}
	o := Object{Name: m[1], Password: m[2], APIs: strings.Split(m[3], ",")}
	if m[4] != "" {
		o.Rights = strings.Split(m[4], ",")
	}
	p.d.Objects = append(p.d.Objects, o)
	return nil
}

func (p *parser) group(value string) error {
	m := groupForm.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf(`want: name number "Display" members=A,B`)
	}
	p.d.Groups = append(p.d.Groups, Group{Name: m[1], Number: m[2], Display: m[3], Members: strings.Split(m[4], ",")})
	return nil
}

func (p *parser) divert(value string) error {
	m := divertForm.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf("want: name cfu|cfb|cfnr target")
	}
	p.d.Diverts = append(p.d.Diverts, Divert{Who: m[1], Type: m[2], To: m[3]})
	return nil
}

func (p *parser) device(value string) error {
	m := deviceForm.FindStringSubmatch(value)
	if m == nil {
		return fmt.Errorf("want: person.n [flags=A|B] [door=APPS|APPCLIENT] [pong=hold]")
	}
	d := Device{Name: m[1], Door: DoorApps}
	for _, w := range strings.Fields(m[2]) {
		if err := d.option(w); err != nil {
			return err
		}
	}
	_, person := p.d.Setup().person(d.Person())
	_, object := p.d.Setup().object(d.Person())
	if !person && !object {
		return fmt.Errorf("device of nobody")
	}
	if _, twice := p.d.device(d.Name); twice {
		return fmt.Errorf("%s stands there twice", d.Name)
	}
	p.d.Devices = append(p.d.Devices, d)
	return nil
}

func (d *Device) option(word string) error {
	key, value, _ := strings.Cut(word, "=")
	switch {
	case key == "flags" && value != "":
		d.Flags = value
	case key == "door" && (value == DoorApps || value == DoorAppClient):
		d.Door = value
	case word == "pong=hold":
		d.HoldPong = true
	default:
		return fmt.Errorf("unknown option %s", word)
	}
	return nil
}

// form is one way to write a step.
type form struct {
	re   *regexp.Regexp
	read func(p *parser, s *Step, m []string) error
}

// forms are tried in order. The first group of the device forms is the device.
var forms = []form{
	{regexp.MustCompile(`^([\w-]+\.\d+) (>|<\?|<~|<) (.+)$`), (*parser).frameStep},
	{regexp.MustCompile(`^([\w-]+\.\d+) (connect|login|socket|drop|ping|pong)$`), (*parser).deviceStep},
	{regexp.MustCompile(`^([\w-]+\.\d+) closed (\d{4})$`), (*parser).closedStep},
	{regexp.MustCompile(`^([\w-]+\.\d+) - (\d+(?:ms|s))$`), (*parser).nothingStep},
	{regexp.MustCompile(`^(within|wait|clock) (\d+(?:ms|s|m))$`), (*parser).timeStep},
	{regexp.MustCompile(`^let \$([\w.]+) = (sha256|encode|decode) "(.*)"$`), (*parser).letStep},
	{regexp.MustCompile(`^check \$([\w.]+) (==|!=) (.+)$`), (*parser).checkStep},
	{regexp.MustCompile(`^match \$([\w.]+) (.+)$`), (*parser).matchStep},
	{regexp.MustCompile(`^http (GET|POST) \$(\w+)(?: "([^"]*)")? -> (\d{3})(?: "([^"]*)")?$`), (*parser).httpStep},
}

func (p *parser) step(n int, l string) {
	switch l {
	case "unordered {":
		p.open(n, l)
		return
	case "}":
		p.close(n)
		return
	}
	for _, f := range forms {
		if m := f.re.FindStringSubmatch(l); m != nil {
			s := Step{Line: n, Text: l}
			if err := f.read(p, &s, m); err != nil {
				p.errs.add(n, "%v", err)
			}
			p.append(n, s)
			return
		}
	}
	p.errs.add(n, "not a step")
}

func (p *parser) append(n int, s Step) {
	if p.steps != &p.d.Steps && !s.op.receives() {
		p.errs.add(n, "only receives may stand in unordered")
	}
	*p.steps = append(*p.steps, s)
}

func (p *parser) open(n int, l string) {
	if p.steps != &p.d.Steps {
		p.errs.add(n, "unordered in unordered")
		return
	}
	p.d.Steps = append(p.d.Steps, Step{Line: n, Text: l, op: opUnordered})
	p.steps = &p.d.Steps[len(p.d.Steps)-1].block
}

func (p *parser) close(n int) {
	if p.steps == &p.d.Steps {
		p.errs.add(n, "} without unordered {")
		return
	}
	p.steps = &p.d.Steps
}

func (p *parser) known(s *Step, device string) error {
	s.device = device
	if _, ok := p.d.device(device); !ok {
		return fmt.Errorf("unknown device %s", device)
	}
	return nil
}

func (p *parser) frameStep(s *Step, m []string) error {
	s.op = map[string]op{">": opSend, "<": opReceive, "<?": opOptional, "<~": opPass}[m[2]]
	n, err := parseJSON([]byte(m[3]))
	if err != nil {
		return err
	}
	s.frame, s.pattern = m[3], n
	return p.known(s, m[1])
}

func (p *parser) deviceStep(s *Step, m []string) error {
	s.op = map[string]op{"connect": opConnect, "login": opLogin, "socket": opSocket,
		"drop": opDrop, "ping": opPing, "pong": opPong}[m[2]]
	return p.known(s, m[1])
}

func (p *parser) closedStep(s *Step, m []string) (err error) {
	s.op = opClosed
	if s.code, err = strconv.Atoi(m[2]); err != nil {
		return err
	}
	return p.known(s, m[1])
}

func (p *parser) nothingStep(s *Step, m []string) (err error) {
	s.op = opNothing
	if s.duration, err = time.ParseDuration(m[2]); err != nil {
		return err
	}
	return p.known(s, m[1])
}

func (p *parser) timeStep(s *Step, m []string) (err error) {
	s.op = map[string]op{"within": opWithin, "wait": opWait, "clock": opClock}[m[1]]
	s.duration, err = time.ParseDuration(m[2])
	return err
}

func (p *parser) letStep(s *Step, m []string) error {
	s.op, s.name, s.function, s.text = opLet, m[1], m[2], m[3]
	return nil
}

func (p *parser) checkStep(s *Step, m []string) error {
	s.op, s.name, s.function, s.text = opCheck, m[1], m[2], m[3]
	if strings.HasPrefix(m[3], "$") {
		return nil
	}
	_, err := parseJSON([]byte(m[3]))
	return err
}

func (p *parser) matchStep(s *Step, m []string) (err error) {
	s.op, s.name = opMatch, m[1]
	s.pattern, err = parseJSON([]byte(m[2]))
	return err
}

func (p *parser) httpStep(s *Step, m []string) (err error) {
	s.op, s.function, s.name, s.text = opHTTP, m[1], m[2], m[3]
	if strings.HasSuffix(s.Text, `"`) && strings.Contains(s.Text, `-> `+m[4]+` "`) {
		s.body = &m[5]
	}
	s.code, err = strconv.Atoi(m[4])
	return err
}

// walk yields the steps in the order of the file, blocks opened.
func walk(steps []Step) iter.Seq[*Step] {
	return func(yield func(*Step) bool) {
		for i := range steps {
			if steps[i].op != opUnordered {
				if !yield(&steps[i]) {
					return
				}
				continue
			}
			for j := range steps[i].block {
				if !yield(&steps[i].block[j]) {
					return
				}
			}
		}
	}
}
