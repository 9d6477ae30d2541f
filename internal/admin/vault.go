package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/keys"
)

// Vault is what can be done to an installation as a whole.
type Vault interface {
	// Backup writes a backup into a file that has no name any more, and returns
	// it at its beginning; the caller closes it.
	Backup(ctx context.Context, passphrase string) (*os.File, backup.Summary, error)
	// Restore puts a backup in the place of everything that there is. A server
	// starts anew afterwards.
	Restore(ctx context.Context, from io.Reader, passphrase string) (backup.Summary, error)
	// Rotate begins to replace the master key; a server goes on with that by
	// itself, a command has done it when it returns.
	Rotate(ctx context.Context) error
	// Keys is how far that has come.
	Keys() keys.Status
}

// passphraseHeader has the passphrase of a backup, percent-encoded.
const passphraseHeader = "Pbx-Passphrase"

// The sizes that backups may have.
const (
	maxBackup        = 64 << 30
	maxPassphrase    = 1 << 10
	shortestPassword = 8
)

// backupType is the media type of a backup.
const backupType = "application/octet-stream"

type passphrase struct {
	Passphrase string `header:"Pbx-Passphrase" doc:"Passphrase of the backup, percent-encoded; without one it is not encrypted, and has no master key in it."`
}

// read is the passphrase as it was before its encoding.
func (p passphrase) read() (string, error) {
	text, err := url.PathUnescape(p.Passphrase)
	if err != nil || len(text) > maxPassphrase || !utf8.ValidString(text) {
		return "", wrong(Invalid, passphraseHeader, "A passphrase is percent-encoded UTF-8 of at most "+strconv.Itoa(maxPassphrase)+" bytes.")
	}
	return text, nil
}

type summaryAnswer struct {
	Body backup.Summary
}

type keysAnswer struct {
	Body keys.Status
}

func (a *API) registerVault() {
	if a.Vault == nil {
		return
	}
	register(a, operation{
		ID: "backup", Method: http.MethodPost, Path: "/backup", Tag: "Installation", Summary: "Make a backup of everything",
		Text:  "The answer is the file. The header Pbx-Backup-Rows says how many rows it has, Pbx-Backup-Keys whether the master key is in it: only a backup with a passphrase has it.",
		Reach: installation, Right: account.Operate, Act: "backup.make", Secret: true, Stream: true,
	}, a.makeBackup)
	register(a, operation{
		ID: "restore", Method: http.MethodPost, Path: "/restore", Tag: "Installation", Summary: "Put a backup in the place of everything",
		Text:  "The body is the file. What is there now is gone afterwards, except for the audit log. A server then starts anew: its clients return by themselves.",
		Reach: installation, Right: account.Operate, Act: "backup.restore", Reason: true, Replaces: true, Stream: true,
	}, a.restoreBackup)
	register(a, operation{
		ID: "keys-status", Method: http.MethodGet, Path: "/keys", Tag: "Installation", Summary: "How far the replacement of the master key has come",
		Reach: installation, Right: account.Operate,
	}, func(context.Context, *nothing) (*keysAnswer, error) { return &keysAnswer{a.Vault.Keys()}, nil })
	register(a, operation{
		ID: "keys-rotate", Method: http.MethodPost, Path: "/keys/rotate", Tag: "Installation", Summary: "Replace the master key",
		Text:  "A new key is used at once; what was sealed under the old one is sealed anew in the background, then the old one is forgotten.",
		Reach: installation, Right: account.Operate, Act: "keys.rotate", Status: http.StatusAccepted,
	}, a.rotateKeys)
}

func (a *API) makeBackup(ctx context.Context, in *passphrase) (*huma.StreamResponse, error) {
	words, err := in.read()
	if err != nil {
		return nil, err
	}
	if words != "" && utf8.RuneCountInString(words) < shortestPassword {
		return nil, wrong(Invalid, passphraseHeader, "A passphrase has at least "+strconv.Itoa(shortestPassword)+" characters.")
	}
	file, summary, err := a.Vault.Backup(ctx, words)
	if err != nil {
		return nil, vaultProblem(err)
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &huma.StreamResponse{Body: func(answer huma.Context) {
		defer file.Close()
		answer.SetHeader("Content-Type", backupType)
		answer.SetHeader("Content-Length", strconv.FormatInt(size, 10))
		answer.SetHeader("Content-Disposition", `attachment; filename="pbx.backup"`)
		answer.SetHeader("Pbx-Backup-Rows", strconv.Itoa(summary.Rows))
		answer.SetHeader("Pbx-Backup-Keys", strconv.FormatBool(summary.Keys))
		answer.SetStatus(http.StatusOK)
		if _, err := io.Copy(answer.BodyWriter(), file); err != nil {
			a.Log.Warn("a backup was not taken to its end", "err", err)
		}
	}}, nil
}

func (a *API) restoreBackup(ctx context.Context, in *passphrase) (*summaryAnswer, error) {
	words, err := in.read()
	if err != nil {
		return nil, err
	}
	body := http.MaxBytesReader(nil, calling(ctx).request.Body, maxBackup)
	summary, err := a.Vault.Restore(ctx, body, words)
	if err != nil {
		return nil, vaultProblem(err)
	}
	return &summaryAnswer{summary}, nil
}

func (a *API) rotateKeys(ctx context.Context, _ *nothing) (*keysAnswer, error) {
	if err := a.Vault.Rotate(ctx); err != nil {
		return nil, vaultProblem(err)
	}
	return &keysAnswer{a.Vault.Keys()}, nil
}

func vaultProblem(err error) error {
	if refusal, ok := errors.AsType[*backup.Error](err); ok {
		return problem(Code(refusal.Code), refusal.Message)
	}
	if errors.Is(err, keys.ErrRunning) {
		return problem(Busy, "The master key is being replaced at the moment; wait until that is done.")
	}
	return err
}

// MakeBackup writes a backup to w.
func (c *Client) MakeBackup(ctx context.Context, w io.Writer, words string) (backup.Summary, error) {
	answer, err := c.sendVault(ctx, "/backup", words, "", http.NoBody)
	if err != nil {
		return backup.Summary{}, err
	}
	defer answer.Body.Close()
	rows, _ := strconv.Atoi(answer.Header.Get("Pbx-Backup-Rows"))
	summary := backup.Summary{Rows: rows, Keys: answer.Header.Get("Pbx-Backup-Keys") == "true"}
	n, err := io.Copy(w, answer.Body)
	if size := answer.Header.Get("Content-Length"); err == nil && size != strconv.FormatInt(n, 10) {
		err = fmt.Errorf("the backup broke off after %d of %s bytes", n, size)
	}
	return summary, err
}

// Restore puts the backup in the place of everything that there is.
func (c *Client) Restore(ctx context.Context, from io.Reader, words, reason string) (backup.Summary, error) {
	var summary backup.Summary
	answer, err := c.sendVault(ctx, "/restore", words, reason, from)
	if err != nil {
		return summary, err
	}
	defer answer.Body.Close()
	return summary, readJSON(answer.Body, &summary)
}

func (c *Client) sendVault(ctx context.Context, path, words, reason string, body io.Reader) (*http.Response, error) {
	header := http.Header{"Content-Type": {backupType}}
	if words != "" {
		header.Set(passphraseHeader, url.PathEscape(words))
	}
	if reason != "" {
		header.Set(reasonHeader, reason)
	}
	return c.SendWith(ctx, http.MethodPost, path, header, body)
}

// RotateKeys begins to replace the master key.
func (c *Client) RotateKeys(ctx context.Context) (keys.Status, error) {
	var status keys.Status
	return status, c.Do(ctx, http.MethodPost, "/keys/rotate", nil, &status)
}

// Keys is how far the replacement of the master key has come.
func (c *Client) Keys(ctx context.Context) (keys.Status, error) {
	var status keys.Status
	return status, c.Do(ctx, http.MethodGet, "/keys", nil, &status)
}
