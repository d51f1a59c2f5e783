package monitor

import "bytes"

// maxLine is how much of a line is kept; the rest of a longer one is passed over.
const maxLine = 64 << 10

// lines cuts a stream of bytes into lines. A line that isn't ended yet is held until it is.
type lines struct {
	held    []byte // of the line that isn't ended, at most maxLine
	pending int64  // how long that line is so far, the part that was passed over too
}

// feed takes the next bytes and calls use with each line that they end, without its end. The line is valid until use
// returns; cut says that it was longer than maxLine.
func (l *lines) feed(data []byte, use func(line []byte, cut bool)) {
	for len(data) > 0 {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			l.hold(data)
			return
		}
		l.hold(data[:i])
		l.end(use)
		data = data[i+1:]
	}
}

// flush hands out what is held, as when a file has ended for good.
func (l *lines) flush(use func(line []byte, cut bool)) {
	if l.pending > 0 {
		l.end(use)
	}
}

func (l *lines) hold(data []byte) {
	l.pending += int64(len(data))
	l.held = append(l.held, data[:min(len(data), maxLine-len(l.held))]...)
}

func (l *lines) end(use func(line []byte, cut bool)) {
	line, cut := bytes.TrimSuffix(l.held, []byte("\r")), l.pending > maxLine
	l.pending = 0
	if len(line) > 0 {
		use(line, cut)
	}
	l.held = l.held[:0]
}

func (l *lines) reset() { l.held, l.pending = l.held[:0], 0 }
