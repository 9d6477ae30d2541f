package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxScrape bounds what is read of one answer.
const maxScrape = 64 << 20

func get(url string) ([]byte, error) {
	client := http.Client{Timeout: 2 * time.Minute}
	res, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("bench: %s: %s", url, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxScrape))
}

// metric is the value of a metric without labels in the Prometheus text format.
func metric(text []byte, name string) (float64, error) {
	for line := range bytes.Lines(text) {
		if rest, found := bytes.CutPrefix(line, []byte(name+" ")); found {
			words := bytes.Fields(rest)
			if len(words) == 0 {
				break
			}
			return strconv.ParseFloat(string(words[0]), 64)
		}
	}
	return 0, errors.New("bench: no metric " + name)
}
