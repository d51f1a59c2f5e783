package execute

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"corax"
)

var hashText = regexp.MustCompile(`^[0-9a-f]{64}$`)

// files reads and edits files of declared directories. All access goes through an os.Root, so that no link leads out
// of them.
type files struct {
	o    *Options
	busy *sync.Mutex // edits are few, and compare before they set
}

func newFiles(o *Options) Executor { return files{o, &sync.Mutex{}} }

func (x files) Close() {}

// Keys: an edit that was made is seen to be made.
func (x files) Keys(corax.Call) Keying { return RepeatsOnce }

// Named is every directory: a path may lie in any of them.
func (x files) Named(corax.Call, Values) any { return x.o.Executors().Directories }

func (x files) Check(c Checks, field string, call corax.Call, read bool) {
	f := call.File
	c.Template(field+".path", f.Path)
	if !strings.HasPrefix(f.Path, "${") && !filepath.IsAbs(f.Path) {
		c.Fail(field+".path", "", "%q is not an absolute path", f.Path)
	}
	if !strings.Contains(f.Path, "${") {
		if _, _, err := confine(x.o.Executors(), f.Path, read); err != nil {
			c.Fail(field+".path", "declare its directory under executors.directories", "%w", err)
		}
	}
	c.Template(field+".expect", f.Expect)
	kinds := editsOf(f)
	switch {
	case read && (len(kinds) > 1 || len(kinds) == 1 && (f.Set == nil || f.Set.Value != "")):
		c.Fail(field, "", "a reading takes nothing but path and set.name")
	case read && f.Expect != "":
		c.Fail(field+".expect", "", "a reading compares nothing")
	case !read && len(kinds) != 1:
		c.Fail(field, "give it one of content, block, set and restore", "it has %d of them", len(kinds))
	case !read && f.Expect == "":
		c.Fail(field+".expect", `write "${facts.NAME.sha256}" of a reading of the file`,
			"an edit says which content it was made for")
	}
	for _, k := range kinds {
		c.Template(field+"."+k.name, k.text)
	}
	if f.Block != nil && !blockName.MatchString(f.Block.Name) {
		c.Fail(field+".block.name", "", "%q is not a word", f.Block.Name)
	}
	if f.Set != nil && (strings.TrimSpace(f.Set.Name) == "" || strings.ContainsAny(f.Set.Name+f.Set.Between, "\n\r")) {
		c.Fail(field+".set.name", "", "it is not the name of one line")
	}
}

// confine finds the declared directory that a path is in, and the path within it.
func confine(x corax.Executors, path string, read bool) (corax.Directory, string, error) {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path || strings.ContainsRune(path, 0) {
		return corax.Directory{}, "", fmt.Errorf("%q is not a plain absolute path", path)
	}
	best := corax.Directory{}
	for _, d := range x.Directories {
		if strings.HasPrefix(path, strings.TrimSuffix(d.Path, "/")+"/") && len(d.Path) > len(best.Path) {
			best = d
		}
	}
	switch {
	case best.Path == "":
		return best, "", fmt.Errorf("%s is in none of the declared directories", path)
	case !read && best.Backups == "":
		return best, "", fmt.Errorf("%s may be read alone: no backups are declared for %s", path, best.Path)
	}
	rel, err := filepath.Rel(best.Path, path)
	return best, rel, err
}

// edit is a file's edit with every value in its place; a reading has none.
type edit struct {
	x      files
	path   string
	expect string
	make   func(now string) (string, error) // what the content becomes; nil where it is a reading or restores
	back   *string                          // hash to restore
	value  *corax.FileValue
	what   string // for people
	within struct {
		dir corax.Directory
		rel string
	}
}

func (x files) Bind(call corax.Call, v Values) (Bound, error) {
	f := call.File
	b := edit{x: x, value: f.Set, what: "reading"}
	var err error
	if b.path, err = v.Text(f.Path); err != nil {
		return nil, fmt.Errorf("path: %w", err)
	}
	if b.expect, err = v.Text(f.Expect); err != nil {
		return nil, fmt.Errorf("expect: %w", err)
	}
	text := ""
	for _, k := range editsOf(f) {
		if text, err = v.Text(k.text); err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		b.what = k.name + " " + strconv.Quote(cut(text, maxShown))
	}
	switch {
	case f.Restore != nil:
		b.back = &text
	case f.Content != nil:
		b.make = func(string) (string, error) { return text, nil }
	case f.Block != nil:
		b.make = func(now string) (string, error) { return withBlock(now, *f.Block, text) }
	case f.Set != nil:
		b.make = func(now string) (string, error) { return withValue(now, *f.Set, text) }
	}
	b.within.dir, b.within.rel, err = confine(x.o.Executors(), b.path, f.Expect == "")
	return b, err
}

func (b edit) String() string { return b.what + " of " + b.path }

// Run reads the file, or makes the edit. An edit is whole or not at all: the new content is written beside the file,
// and takes its name in one step.
func (b edit) Run(ctx context.Context, o Order) Result {
	fail := func(outcome Outcome, err error) Result {
		if errors.Is(err, fs.ErrNotExist) {
			outcome = Away
		}
		return Result{Outcome: outcome, Text: b.path + ": " + err.Error()}
	}
	root, err := os.OpenRoot(b.within.dir.Path)
	if err != nil {
		return fail(Failed, err)
	}
	defer func() { _ = root.Close() }()
	if o.Read {
		value, err := b.read(root)
		if err != nil {
			return fail(Failed, err)
		}
		return Result{Outcome: Done, Text: b.path, Value: value}
	}
	if b.make == nil && b.back == nil {
		return fail(Failed, errors.New("the call says nothing about what to change"))
	}
	b.x.busy.Lock()
	defer b.x.busy.Unlock()
	if ctx.Err() != nil {
		return fail(Failed, context.Cause(ctx))
	}
	now, err := look(root, b.within.rel)
	if err != nil {
		return fail(Failed, err)
	}
	wanted, err := b.wanted(now)
	switch {
	case err != nil:
		return fail(Refused, err)
	case wanted.exists == now.exists && wanted.text == now.text:
		return Result{Outcome: Done, Text: b.path + ": it is so already"}
	case now.hash() != b.expect:
		return Result{Outcome: Refused, Again: true, Text: fmt.Sprintf(
			"%s: somebody has changed it: it has the hash %s, not %s", b.path, shortHash(now.hash()), shortHash(b.expect))}
	}
	if err := keep(b.within.dir.Backups, now); err != nil {
		return fail(Failed, fmt.Errorf("keep a backup: %w", err))
	}
	if outcome, err := put(root, b.within.rel, now, wanted); err != nil {
		return fail(outcome, err)
	}
	return Result{Outcome: Done, Text: fmt.Sprintf("%s: %s became %s; the backup is in %s", b.path, shortHash(now.hash()),
		shortHash(wanted.hash()), b.within.dir.Backups)}
}

// wanted is what the file is to be.
func (b edit) wanted(now content) (content, error) {
	if b.back != nil {
		return kept(b.within.dir.Backups, *b.back)
	}
	text, err := b.make(now.text)
	return content{exists: true, text: text}, err
}

func (b edit) read(root *os.Root) (any, error) {
	now, err := look(root, b.within.rel)
	if err != nil {
		return nil, err
	}
	value := map[string]any{"exists": now.exists, "sha256": now.hash(), "size": int64(len(now.text)),
		"content": strings.ToValidUTF8(now.text, "?")}
	if now.exists {
		value["mode"] = fmt.Sprintf("%04o", now.info.Mode().Perm())
	}
	if b.value != nil {
		if from, to, n := valueAt(now.text, *b.value); n == 1 {
			value["value"] = strings.TrimRight(now.text[from:to], " \t")
		}
	}
	return value, nil
}

// content is a file's, with what is kept of the file itself.
type content struct {
	exists bool
	text   string
	info   fs.FileInfo
}

// hash names the content; the empty name is that of no file.
func (c content) hash() string {
	if !c.exists {
		return ""
	}
	sum := sha256.Sum256([]byte(c.text))
	return hex.EncodeToString(sum[:])
}

func shortHash(h string) string {
	if h == "" {
		return "no file"
	}
	return h[:min(len(h), 12)]
}

// look reads a regular file. That there is none is an answer; that its directory is missing is not.
func look(root *os.Root, rel string) (content, error) {
	info, err := root.Lstat(rel)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = root.Stat(filepath.Dir(rel))
		return content{}, err
	}
	switch {
	case err != nil:
		return content{}, err
	case info.Mode()&fs.ModeSymlink != 0:
		return content{}, errors.New("it is a symbolic link; name the file itself")
	case !info.Mode().IsRegular():
		return content{}, errors.New("it is not a regular file")
	}
	f, err := root.OpenFile(rel, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return content{}, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("it is larger than %d bytes", maxAnswer)
	}
	return content{exists: true, text: string(text), info: info}, err
}

// put makes the file what is wanted, in one step.
func put(root *os.Root, rel string, now, wanted content) (Outcome, error) {
	if !wanted.exists {
		return Failed, root.Remove(rel)
	}
	mode, own := fs.FileMode(0o644), (*syscall.Stat_t)(nil)
	if now.exists {
		mode = now.info.Mode().Perm()
		own, _ = now.info.Sys().(*syscall.Stat_t)
	}
	beside := filepath.Join(filepath.Dir(rel), "."+filepath.Base(rel)+".corax")
	_ = root.Remove(beside) // left over from a crash
	if err := write(root, beside, wanted.text, mode, own); err != nil {
		_ = root.Remove(beside)
		return Failed, err
	}
	if again, err := look(root, rel); err != nil || again.hash() != now.hash() {
		_ = root.Remove(beside)
		return Refused, errors.Join(errors.New("somebody has changed it meanwhile"), err)
	}
	if err := root.Rename(beside, rel); err != nil {
		_ = root.Remove(beside)
		return Failed, err
	}
	if err := syncDir(root, filepath.Dir(rel)); err != nil {
		return Unclear, fmt.Errorf("changed, and whether that survives a loss of power is not known: %w", err)
	}
	return Done, nil
}

func write(root *os.Root, name, text string, mode fs.FileMode, own *syscall.Stat_t) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // a second time, where all went well
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	if own != nil && (int(own.Uid) != os.Geteuid() || int(own.Gid) != os.Getegid()) {
		if err := f.Chown(int(own.Uid), int(own.Gid)); err != nil {
			return fmt.Errorf("keep its owner: %w", err)
		}
	}
	return errors.Join(f.Chmod(mode), f.Sync(), f.Close())
}

func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

// keep writes a backup, named by its hash.
func keep(dir string, c content) error {
	if !c.exists {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if old, err := look(root, c.hash()); err == nil && old.hash() == c.hash() {
		return nil
	}
	beside := "." + c.hash()
	_ = root.Remove(beside)
	if err := write(root, beside, c.text, 0o600, nil); err != nil {
		return err
	}
	return errors.Join(root.Rename(beside, c.hash()), syncDir(root, "."))
}

// kept reads a backup, and holds it against its name.
func kept(dir, hash string) (content, error) {
	if hash == "" {
		return content{}, nil
	}
	if !hashText.MatchString(hash) {
		return content{}, fmt.Errorf("%q is not a hash", hash)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return content{}, fmt.Errorf("open the backups: %v", err) //nolint:errorlint // not the file itself: nothing is away
	}
	defer func() { _ = root.Close() }()
	c, err := look(root, hash)
	switch {
	case err != nil:
		return c, err
	case !c.exists:
		return c, fmt.Errorf("there is no backup %s", shortHash(hash))
	case c.hash() != hash:
		return c, fmt.Errorf("the backup %s has been changed", shortHash(hash))
	}
	return c, nil
}
