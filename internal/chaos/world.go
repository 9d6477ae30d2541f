package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// world is the programs and their data.
type world struct {
	c        Config
	pbx, app *program // app is nil where the switch hosts the service
	database *cluster // nil unless the service keeps its data in PostgreSQL
	address  string   // of the switch
	kept     string   // a copy of the data of the service, for Sabotage
}

// Names of what is killed.
const (
	victimApp      = "messages-app"
	victimPBX      = "pbx"
	victimBoth     = "both"
	victimDatabase = "postgres"
)

// victims are killed in turn.
func (w *world) victims() []string {
	list := []string{victimPBX}
	if w.app != nil {
		list = []string{victimApp, victimPBX, victimBoth}
	}
	if w.database != nil {
		list = append(list, victimDatabase)
	}
	if w.c.Sabotage {
		list = list[:1]
	}
	return list
}

func (w *world) url() string { return "ws://" + w.address }

// newWorld fills the data directories and starts everything.
func newWorld(ctx context.Context, c Config) (w *world, err error) {
	w = &world{c: c}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if c.Store == "postgres" {
		if w.database, err = newCluster(ctx, filepath.Join(c.Dir, "postgres")); err != nil {
			return nil, err
		}
	}
	if w.address, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	if err := w.programs(ctx); err != nil {
		return nil, err
	}
	if w.app != nil {
		if err := w.app.start(ctx); err != nil {
			return nil, err
		}
	}
	if err := w.pbx.start(ctx); err != nil {
		return nil, err
	}
	return w, w.fill(ctx)
}

func (w *world) pbxData() string { return filepath.Join(w.c.Dir, "pbx") }

// appData is where the service keeps what it stores.
func (w *world) appData() string {
	if w.c.Embedded {
		return filepath.Join(w.pbxData(), "messages")
	}
	return filepath.Join(w.c.Dir, "messages")
}

const (
	secret     = "secret of the Messages object"
	objectName = "messages"
)

// programs says how the programs are started.
func (w *world) programs(ctx context.Context) error {
	who := "embedded"
	if !w.c.Embedded {
		who = "external"
	}
	w.pbx = &program{name: victimPBX, path: w.c.PBX, ready: "http://" + w.address + "/healthz", args: []string{
		"serve", "--data", w.pbxData(), "--listen", "http://" + w.address, "--messages", who,
		"--allow-private-urls", "127.0.0.1", "--limit-stored-rate", "1000000", "--limit-stored-burst", "1000000",
	}}
	if w.c.Embedded {
		if w.database != nil {
			return errors.New("the switch hosts the service: it has no database of its own")
		}
		return nil
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	w.app = &program{name: victimApp, path: w.c.App, stdin: secret + "\n", ready: "http://" + address + "/healthz", args: []string{
		"serve", "--data", w.appData(), "--listen", "http://" + address, "--password-stdin",
	}}
	if w.database != nil {
		w.app.args = append(w.app.args, "--postgres", w.database.dsn())
	}
	return nil
}

// fill makes the domain, the Messages object and the people.
func (w *world) fill(ctx context.Context) error {
	data := w.pbxData()
	users := filepath.Join(w.c.Dir, "users.csv")
	if err := os.WriteFile(users, usersCSV(2*pairs, w.app != nil), 0o600); err != nil {
		return err
	}
	if err := command(ctx, "", w.c.PBX, "domain", "add", domainName, "--data", data); err != nil {
		return err
	}
	if w.app != nil {
		url := w.app.ready[:len(w.app.ready)-len("/healthz")] + "/" + domainName + "/" + objectName + "/innovaphone-messages-api"
		err := errors.Join(
			command(ctx, secret+"\n", w.c.PBX, "object", "add", objectName+"@"+domainName, "--type", "messages", "--url", url, "--websocket", "--password-stdin", "--data", data),
			command(ctx, "", w.c.PBX, "object", "add", "staff@"+domainName, "--type", "template", "--messages-object", objectName, "--data", data))
		if err != nil {
			return err
		}
	}
	return command(ctx, "", w.c.PBX, "user", "import", "--domain", domainName, "--data", data, users)
}

// usersCSV is what "pbx user import" reads.
func usersCSV(n int, template bool) []byte {
	var b bytes.Buffer
	b.WriteString("sip,dn,num,password,template\n")
	from := ""
	if template {
		from = "staff"
	}
	for i := range n {
		fmt.Fprintf(&b, "%s,User %d,%d,%s,%s\n", userName(i), i, 1000+i, password, from)
	}
	return b.Bytes()
}

// strike kills and starts again, after a moment.
func (w *world) strike(ctx context.Context, victim string) error {
	var list []*program
	switch victim {
	case victimApp:
		list = []*program{w.app}
	case victimPBX:
		list = []*program{w.pbx}
	case victimBoth:
		list = []*program{w.pbx, w.app}
	case victimDatabase:
		return w.database.restart(ctx, rand.N(downMost))
	}
	for _, p := range list {
		p.kill()
	}
	if err := w.sabotage(); err != nil {
		return err
	}
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for _, p := range list {
		time.Sleep(rand.N(downMost))
		if err := p.launch(); err != nil {
			return err
		}
	}
	for _, p := range list {
		if err := p.await(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare keeps a copy of the data of the service for sabotage.
func (w *world) prepare() error {
	if !w.c.Sabotage {
		return nil
	}
	w.kept = filepath.Join(w.c.Dir, "kept")
	if err := os.RemoveAll(w.kept); err != nil {
		return err
	}
	return copyFiles(w.kept, w.appData())
}

// sabotage puts the copy back.
func (w *world) sabotage() error {
	if !w.c.Sabotage {
		return nil
	}
	if err := os.RemoveAll(w.appData()); err != nil {
		return err
	}
	return copyFiles(w.appData(), w.kept)
}

// copyFiles copies the files of a directory, and what is below it; sockets stay.
func copyFiles(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
}

// last is what the programs said last.
func (w *world) last() error {
	text := "pbx: " + w.pbx.log.String()
	if w.app != nil {
		text += "\nmessages-app: " + w.app.log.String()
	}
	return errors.New(text)
}

func (w *world) close() {
	if w.pbx != nil {
		w.pbx.kill()
	}
	if w.app != nil {
		w.app.kill()
	}
	if w.database != nil {
		w.database.close()
	}
}
