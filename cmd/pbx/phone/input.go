package phone

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxLine bounds a line of the input; a longer one is read to its end and
// refused.
const maxLine = 1 << 20

// line is one line of the input, or why it cannot be used.
type line struct {
	text  string
	wrong string
}

// readLines hands the lines of r over, one at a time, and closes the channel at
// the end. It runs on a goroutine of its own, which a terminal may keep in a
// read until the process ends.
func readLines(ctx context.Context, r io.Reader) <-chan line {
	lines := make(chan line)
	go func() {
		defer close(lines)
		in := bufio.NewReaderSize(r, 64<<10)
		for {
			l, err := readLine(in)
			if err == nil || l != (line{}) {
				select {
				case lines <- l:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}

// readLine reads up to a line end, which is not part of the line. At the end of
// the input it returns what is left, and the error.
func readLine(in *bufio.Reader) (line, error) {
	var b strings.Builder
	for {
		piece, err := in.ReadSlice('\n')
		if b.Len() <= maxLine {
			b.Write(piece)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		text := strings.TrimSuffix(strings.TrimSuffix(b.String(), "\n"), "\r")
		switch {
		case b.Len() > maxLine:
			return line{wrong: "a line of the input is longer than 1 MiB"}, err
		case !utf8.ValidString(text):
			return line{wrong: "a line of the input is not UTF-8"}, err
		}
		return line{text: text}, err
	}
}
