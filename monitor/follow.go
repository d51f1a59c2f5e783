package monitor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

const (
	maxFollowed = 1000     // files of one pattern
	readChunk   = 64 << 10 // bytes read at a time
	headSize    = 64       // first bytes by which a file is told from another in its place
	graceChecks = 2        // looks that a file which lost its name gets, for what its writer still adds
)

// follower reads what is added to files whose names match a pattern. It goes by the file, not by its name: one that
// is renamed is read to its end, one that takes its name begins anew, and one that is cut off begins anew too.
type follower struct {
	pattern   string
	fromStart bool // of files that are there at the first look
	resumed   bool // an earlier process read here: whatever it did not know is new
	looked    bool
	tails     []*tail
	known     []mark // of an earlier process, not yet found again
}

// tail is one file that is being read.
type tail struct {
	path   string
	file   *os.File
	info   os.FileInfo
	offset int64  // bytes read
	head   []byte // how the file begins, as far as it was read
	lines  lines
	orphan int  // looks since it lost its name
	once   bool // no name of it is followed: it is read to its end and let go
}

// mark says how far a file was read: up to a whole line.
type mark struct {
	Path   string `json:"path"`
	Head   []byte `json:"head"`
	Offset int64  `json:"offset"`
}

// poll reads what was added since the last time, until there is no more, ctx ends or more says no. It gives the
// number of files.
func (f *follower) poll(
	ctx context.Context, use func(path string, line []byte, cut bool), more func() bool,
) (int, error) {
	failed := f.look()
	buffer := make([]byte, readChunk)
	for _, t := range f.tails {
		if err := t.read(ctx, buffer, use, more); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	f.tails = slices.DeleteFunc(f.tails, func(t *tail) bool {
		if t.orphan < graceChecks {
			return false
		}
		t.lines.flush(func(line []byte, cut bool) { use(t.path, line, cut) })
		_ = t.file.Close()
		return true
	})
	return len(f.tails), failed
}

// look finds the files that match, and which of those that are read have lost their names.
func (f *follower) look() (failed error) {
	paths, err := filepath.Glob(f.pattern)
	if err != nil {
		return fmt.Errorf("pattern %s: %w", f.pattern, err)
	}
	slices.Sort(paths)
	for _, t := range f.tails {
		t.orphan++
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // gone between two looks, or nothing that can be read to an end
		}
		if i := slices.IndexFunc(f.tails, func(t *tail) bool { return os.SameFile(t.info, info) }); i >= 0 {
			f.tails[i].path, f.tails[i].orphan = path, 0
			continue
		}
		if len(f.tails) >= maxFollowed {
			failed = errors.Join(failed, fmt.Errorf("more than %d files match %s", maxFollowed, f.pattern))
			break
		}
		failed = errors.Join(failed, f.open(path))
	}
	f.recover()
	f.looked = true
	return failed
}

func (f *follower) open(path string) error {
	t, err := openTail(path)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(f.known, t.is)
	switch {
	case i >= 0:
		t.offset = f.known[i].Offset
		f.known = slices.Delete(f.known, i, i+1)
	case !f.looked && !f.fromStart && !f.resumed:
		t.offset = t.lastLine()
	}
	f.tails = append(f.tails, t)
	return nil
}

// recover finds files that were renamed while nobody looked: a rotation during a restart. What is left of them is
// read.
func (f *follower) recover() {
	if f.looked || len(f.known) == 0 {
		return
	}
	for _, m := range f.known {
		siblings, err := filepath.Glob(escapeGlob(m.Path) + "*")
		if err != nil {
			continue
		}
		for _, path := range siblings {
			t, err := openTail(path)
			if err != nil {
				continue
			}
			if !t.is(m) || slices.ContainsFunc(f.tails, func(o *tail) bool { return os.SameFile(o.info, t.info) }) {
				_ = t.file.Close()
				continue
			}
			t.offset, t.once = m.Offset, true
			f.tails = append(f.tails, t)
			break
		}
	}
	f.known = nil
}

func escapeGlob(path string) string {
	var b bytes.Buffer
	for i := range len(path) {
		if bytes.IndexByte([]byte(`*?[\`), path[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func openTail(path string) (*tail, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return nil, errors.Join(err, os.ErrInvalid)
	}
	t := &tail{path: path, file: file, info: info}
	t.learnHead(info.Size())
	return t, nil
}

// is says that a mark was made of this file.
func (t *tail) is(m mark) bool {
	return len(m.Head) > 0 && bytes.HasPrefix(t.head, m.Head) && t.info.Size() >= m.Offset
}

// learnHead notes how the file begins, up to what is there.
func (t *tail) learnHead(size int64) {
	if len(t.head) >= headSize || size <= int64(len(t.head)) {
		return
	}
	head := make([]byte, min(size, headSize))
	n, _ := t.file.ReadAt(head, 0)
	t.head = head[:n]
}

// lastLine is where the last line begins that isn't ended yet, or the end of the file.
func (t *tail) lastLine() int64 {
	size := t.info.Size()
	back := make([]byte, min(size, maxLine))
	n, _ := t.file.ReadAt(back, size-int64(len(back)))
	if i := bytes.LastIndexByte(back[:n], '\n'); i >= 0 {
		return size - int64(len(back)) + int64(i) + 1
	}
	if n < maxLine {
		return 0
	}
	return size
}

// read takes what was added.
func (t *tail) read(ctx context.Context, buffer []byte, use func(string, []byte, bool), more func() bool) error {
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	if t.restarted(info.Size()) {
		t.offset, t.head = 0, nil
		t.lines.reset()
	}
	t.learnHead(info.Size())
	for ctx.Err() == nil && more() {
		n, err := t.file.ReadAt(buffer, t.offset)
		t.offset += int64(n)
		t.lines.feed(buffer[:n], func(line []byte, cut bool) { use(t.path, line, cut) })
		if errors.Is(err, io.EOF) {
			if t.once {
				t.orphan = graceChecks
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", t.path, err)
		}
	}
	t.orphan = min(t.orphan, graceChecks-1) // there is more to read: it is not let go yet
	return nil
}

// restarted says that the file was cut off and written anew: it is shorter than what was read, or begins differently.
func (t *tail) restarted(size int64) bool {
	if size < t.offset {
		return true
	}
	if t.offset == 0 || len(t.head) == 0 {
		return false
	}
	now := make([]byte, len(t.head))
	n, err := t.file.ReadAt(now, 0)
	return err == nil && !bytes.Equal(now[:n], t.head)
}

// marks says how far everything was read, up to whole lines: a line that is half written is read again.
func (f *follower) marks() []mark {
	all := make([]mark, 0, len(f.tails))
	for _, t := range f.tails {
		all = append(all, mark{Path: t.path, Head: slices.Clone(t.head), Offset: t.offset - t.lines.pending})
	}
	return all
}

func (f *follower) close() {
	for _, t := range f.tails {
		_ = t.file.Close()
	}
	f.tails = nil
}
