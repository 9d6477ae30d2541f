package phone

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// uploaded is how the upload of a file has ended.
type uploaded struct {
	chat, name, url string
	err             error
}

// sendFile begins to send a file to the current chat: the service makes a buffer,
// the file is uploaded to it, and then a text goes out that names it.
func (d *desk) sendFile(file string) {
	chat := d.chatOr("")
	if chat == "" {
		return
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		d.refuse("/send: " + err.Error())
		return
	case !info.Mode().IsRegular():
		d.refuse("/send: " + file + " is no file")
		return
	}
	name := filepath.Base(file)
	d.uploads++
	d.ask("/send "+name, "CreateFileBuffer", map[string]any{"name": name}, true, nil, func(text json.RawMessage, err error) {
		var made struct {
			URL string `json:"url"`
		}
		switch {
		case err != nil:
			d.uploads--
		case json.Unmarshal(text, &made) != nil || made.URL == "":
			d.uploads--
			d.refuse("/send " + name + ": the service names no place for the file")
		default:
			d.open++
			d.show(Event{Event: evUpload, Chat: chat, Text: name})
			d.upload(uploaded{chat: chat, name: name, url: made.URL}, file)
		}
	})
}

// sent takes the end of an upload.
func (d *desk) sent(u uploaded) {
	d.uploads--
	if u.err != nil {
		d.refuse("/send " + u.name + ": " + u.err.Error())
	} else {
		d.write(&ownText{id: d.id(), chat: u.chat, text: u.name, attach: u.url, open: true})
	}
	d.open--
}

// upload sends a file to the URL of a buffer.
func upload(ctx context.Context, url, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, f)
	if err != nil {
		return err
	}
	request.ContentLength = info.Size()
	request.Header.Set("Content-Type", "application/octet-stream")
	if info.Size() == 0 {
		request.Body = http.NoBody
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	why, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // the status says enough
	return fmt.Errorf("the file is refused: %s %s", response.Status, strings.TrimSpace(string(why)))
}
