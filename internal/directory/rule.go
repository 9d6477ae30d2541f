package directory

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/tandem-switch/tandem/sanitize"
)

// The sizes that attributes may have, in bytes.
const (
	maxName     = 64
	maxNumber   = 32
	maxText     = 256 // display and long names (A9)
	maxHost     = 253
	maxURL      = 2048
	maxPassword = 256
	minPassword = 8 // of a user, in characters
	maxHosts    = 64
	maxAPIs     = 64
	maxApps     = 256
)

// reserved are the characters that no name may have: ':' separates the fields of
// a digest (decision 15), '@' a name and its domain, '?' an object and its group
// (decision 60), the others paths, lists and markup.
const reserved = ":@?/\\|;,<>\""

// tidyDomain brings names into their one form and checks the rules.
func tidyDomain(dom *Domain) error {
	name, err := tidyHost(dom.Name)
	if err != nil {
		return err
	}
	if len(dom.Hosts) > maxHosts {
		return refuse(CodeTooMany, "A domain has at most "+strconv.Itoa(maxHosts)+" host names.")
	}
	var hosts []string // a new slice: the old one belongs to somebody else
	for _, host := range dom.Hosts {
		host, err := tidyHost(host)
		if err != nil {
			return err
		}
		if host != name && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	dom.Name, dom.Hosts = name, hosts
	return tidySettings(&dom.Settings)
}

// tidyHost is a domain or host name in lower case: labels of letters, digits and
// hyphens, or an IP address.
func tidyHost(host string) (string, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		return addr.String(), nil
	}
	if len(host) > maxHost || !slices.ContainsFunc([]byte(host), isLetter) {
		return "", badHost(host)
	}
	for label := range strings.SplitSeq(host, ".") {
		if !isLabel(label) {
			return "", badHost(host)
		}
	}
	return host, nil
}

func badHost(host string) error {
	return refuse(CodeBadDomain, strconv.Quote(shorten(host))+" is no domain or host name: use letters, digits, hyphens and dots.")
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := 0; i < len(label); i++ {
		if c := label[i]; !isLetter(c) && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// tidyObject brings the attributes into their one form and checks the rules.
func tidyObject(o *Object) error {
	name, err := tidyName(o.SIP)
	if err != nil {
		return err
	}
	o.SIP = name
	o.DN = sanitize.Text(o.DN, maxText)
	o.CN = sanitize.Text(o.CN, maxText)
	if err := checkNumber(o.Num); err != nil {
		return err
	}
	if !o.Kind.IsProgram() && len(o.APIs) > 0 {
		return wrong("apis", "Only app objects have APIs and a URL.")
	}
	if !o.Kind.IsProgram() && o.Kind != Gateway && o.URL != "" {
		return wrong("url", "Only app objects have APIs and a URL.")
	}
	if o.Kind != User && o.SecondFactor {
		return wrong("second_factor", "Only users have a second factor.")
	}
	if err := checkURL(o.URL); err != nil {
		return err
	}
	if err := tidyAPIs(o); err != nil {
		return err
	}
	if err := tidyApps(o); err != nil {
		return err
	}
	return tidyProperties(o)
}

// tidyName is a name of an object: composed, without reserved and invisible
// characters, without blanks at its ends.
func tidyName(name string) (string, error) {
	name = norm.NFC.String(name)
	switch {
	case name == "":
		return "", refuse(CodeBadName, "A name is needed.")
	case len(name) > maxName:
		return "", refuse(CodeBadName, "The name "+strconv.Quote(shorten(name))+" is longer than "+strconv.Itoa(maxName)+" bytes.")
	case name == "." || name == "..":
		return "", refuse(CodeBadName, "The name "+name+" means a place in a path: take another one.")
	case strings.TrimSpace(name) != name:
		return "", refuse(CodeBadName, "The name "+strconv.Quote(name)+" begins or ends with a blank.")
	case !isPrintable(name) || strings.ContainsAny(name, reserved):
		return "", refuse(CodeBadName, "The name "+strconv.Quote(name)+" has a control character or one of "+reserved+" in it.")
	}
	return name, nil
}

// isPrintable: valid UTF-8 of graphic characters; the only space is the blank.
func isPrintable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func checkNumber(num string) error {
	if len(num) > maxNumber || strings.Trim(num, "0123456789*#") != "" {
		return refuse(CodeBadNumber, "The number "+strconv.Quote(shorten(num))+" may have only 0-9, * and #, at most "+strconv.Itoa(maxNumber)+" of them.")
	}
	return nil
}

func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || !isPrintable(text) || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return refuse(CodeBadValue, "The URL must be a complete http or https one.")
	}
	if u.User != nil {
		return refuse(CodeBadValue, "The URL is shown to everybody who may see the object: it must not have a name or a password in it.")
	}
	return nil
}

// tidyAPIs checks that APIs are words and removes repetitions.
func tidyAPIs(o *Object) error {
	var apis []string
	for _, api := range o.APIs {
		if api == "" || len(api) > maxName || strings.ContainsFunc(api, func(r rune) bool { return !isWord(r) }) {
			return refuse(CodeBadValue, strconv.Quote(shorten(api))+" is no name of an API.")
		}
		if !slices.Contains(apis, api) {
			apis = append(apis, api)
		}
	}
	o.APIs = apis
	return tooMany(len(apis), maxAPIs, "APIs")
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-' || r == '.'
}

// tidyApps checks the list of accessible apps. Their objects need not exist yet.
func tidyApps(o *Object) error {
	var apps []string
	for _, app := range o.Apps {
		app, err := tidyName(app)
		if err != nil {
			return err
		}
		if !slices.Contains(apps, app) {
			apps = append(apps, app)
		}
	}
	o.Apps = apps
	return tooMany(len(apps), maxApps, "apps")
}

func tooMany(n, most int, what string) error {
	if n > most {
		return refuse(CodeTooMany, "An object has at most "+strconv.Itoa(most)+" "+what+".")
	}
	return nil
}

// tidyDevice cleans the text and checks the rest. A hardware id is printable
// ASCII.
func tidyDevice(dev *Device) error {
	if dev.HW == "" || len(dev.HW) > maxName || strings.TrimSpace(dev.HW) != dev.HW || strings.ContainsFunc(dev.HW, notASCII) {
		return refuse(CodeBadValue, "The hardware id "+strconv.Quote(shorten(dev.HW))+" must be 1 to "+strconv.Itoa(maxName)+" printable ASCII characters.")
	}
	dev.Text = sanitize.Text(dev.Text, maxText)
	if dev.App == "" {
		return nil
	}
	app, err := tidyName(dev.App)
	dev.App = app
	return err
}

func notASCII(r rune) bool { return r < ' ' || r > '~' }

// checkPassword: users need 8 characters; any other password will do, as long as
// every client hashes it to the same bytes (appwebsocket.md 2.3).
func checkPassword(kind Kind, password string) error {
	switch {
	case password != "" && (kind == Group || kind == Template):
		return wrong("password", "A "+kind.noun()+" has no password: nobody logs in as one.")
	case kind == User && utf8.RuneCountInString(password) < minPassword:
		return refuse(CodePasswordTooShort, "A user's password has at least "+strconv.Itoa(minPassword)+" characters.")
	case len(password) > maxPassword:
		return refuse(CodeBadPassword, "A password has at most "+strconv.Itoa(maxPassword)+" bytes.")
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return refuse(CodeBadPassword, "A password has no control characters in it.")
	}
	return nil
}

// shorten keeps messages small.
func shorten(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
