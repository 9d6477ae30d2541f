package trace

import (
	"fmt"
	"strings"
)

// Flag names what is traced. Flags are combined with |.
type Flag uint32

// The flags, with the names by which administrators know them (appwebsocket.md 6.3).
const (
	PBX            Flag = 1 << iota // PBX: messages between the switch and its clients: myApps, and Signaling of any connection
	WebSocket                       // HTTP/Servlets: every frame between the switch, clients and app services; ends after RawLimit
	App                             // App: what an app service or a client does
	Database                        // Database: statements of a store
	AppWebsocket                    // App Websocket: frames between the switch and an app service, as the service sees them
	Signalling                      // Signalling: signalling between an app service and the switch
	BrowserConsole                  // Browser Console: what the browser client says about itself
)

// Frames are the flags under which the doors trace frames.
const Frames = PBX | WebSocket

// names is in the order of the constants.
var names = [...]string{"PBX", "HTTP/Servlets", "App", "Database", "App Websocket", "Signalling", "Browser Console"}

// All is every flag that there is.
const All = PBX | WebSocket | App | Database | AppWebsocket | Signalling | BrowserConsole

// aliases are other spellings of WebSocket, without blanks and in lower case.
var aliases = [...]string{"websocket", "http->servlets", "http/servlets/websocket"}

// ParseFlags reads a comma list of flag names. Upper and lower case and blanks
// do not matter, and HTTP/Servlets may be called WebSocket; an empty list is no
// flag.
func ParseFlags(list string) (Flag, error) {
	var flags Flag
	for field := range strings.SplitSeq(list, ",") {
		name := strings.ToLower(strings.ReplaceAll(field, " ", ""))
		if name == "" {
			continue
		}
		flag := flagByName(name)
		if flag == 0 {
			return 0, fmt.Errorf("no trace flag is called %q, there are %s", field, strings.Join(names[:], ", "))
		}
		flags |= flag
	}
	return flags, nil
}

// flagByName finds a name that is in lower case and without blanks.
func flagByName(name string) Flag {
	for i, known := range names {
		if name == strings.ToLower(strings.ReplaceAll(known, " ", "")) {
			return 1 << i
		}
	}
	for _, alias := range aliases {
		if name == alias {
			return WebSocket
		}
	}
	return 0
}

// Names returns the names of the flags that are set, in the order of the constants.
func (f Flag) Names() []string {
	set := []string{}
	for i, name := range names {
		if f&(1<<i) != 0 {
			set = append(set, name)
		}
	}
	return set
}

// String returns the names of the flags, in the form that ParseFlags reads.
func (f Flag) String() string { return strings.Join(f.Names(), ",") }
