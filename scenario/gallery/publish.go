package gallery

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"

	"corax"
)

const (
	manifest = ".corax-gallery.json" // names what Publish wrote, so that it knows what it may replace and remove
	fresh    = ".corax-gallery.new"  // where the files are until all are there
)

// Published says what came of publishing.
type Published struct {
	Files    int     // that the site has
	Removed  int     // that it had before
	Unusable []error // results that could not be read; the others are shown
}

// Publish writes the site into a directory, which it makes. The directory may hold other files: what Publish did not write itself it neither
// replaces nor removes. Pages are made before any is put in its place, and each is put there whole. Errors: Invalid for the address, Conflict
// where a file of somebody else is in the way, Unavailable.
func Publish(dir string, from Results, s Site) (p Published, err error) {
	op := "publish into " + dir
	if u, err := url.Parse(s.Base); err != nil || s.Base != "" && (u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		return p, &corax.Error{Code: corax.Invalid, Op: op, Err: fmt.Errorf("%q is no address of a site", s.Base), Hint: "for example https://example.org/corax"}
	}
	fail := func(err error) (Published, error) {
		if corax.CodeOf(err) != corax.Internal { // it says what it is
			return p, err
		}
		return p, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fail(err)
	}
	root, err := os.OpenRoot(dir) // nothing leads out of it, not even a link
	if err != nil {
		return fail(err)
	}
	defer func() { _ = root.Close() }()           // nothing is written through it any more
	if err := root.RemoveAll(fresh); err != nil { // of one that was killed
		return fail(err)
	}
	defer func() { err = errors.Join(err, root.RemoveAll(fresh)) }()
	before, err := readManifest(root)
	if err != nil {
		return fail(err)
	}
	after := map[string]string{}
	p.Unusable, err = build(from, s, func(name string, data []byte) error {
		after[name] = digest(data)
		return write(root, path.Join(fresh, name), data)
	})
	if err == nil {
		err = foreign(root, op, before, after)
	}
	if err == nil {
		p.Removed, err = put(root, before, after)
	}
	if err != nil {
		return fail(err)
	}
	p.Files = len(after)
	return p, nil
}

// foreign is a Conflict where a file that somebody else put there is in the way.
func foreign(root *os.Root, op string, before, after map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, ours := before[name]; ours {
			continue
		}
		data, err := root.ReadFile(filepath.FromSlash(name))
		if errors.Is(err, fs.ErrNotExist) || err == nil && digest(data) == after[name] {
			continue
		}
		return &corax.Error{Code: corax.Conflict, Op: op, Err: fmt.Errorf("%s is there, and this did not write it", name), Hint: "name a directory of its own, or move the file away"}
	}
	return nil
}

// put moves the new files into their places and removes the old ones that were not altered since. Should it be ended half-way, the
// manifest names both.
func put(root *os.Root, before, after map[string]string) (removed int, err error) {
	both := maps.Clone(before)
	maps.Copy(both, after)
	if err := writeManifest(root, both); err != nil {
		return 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
			return 0, err
		}
		if err := root.Rename(filepath.FromSlash(path.Join(fresh, name)), filepath.FromSlash(name)); err != nil {
			return 0, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, stays := after[name]; stays {
			continue
		}
		data, err := root.ReadFile(filepath.FromSlash(name))
		if err != nil || digest(data) != before[name] {
			continue // it is gone, or somebody has made it theirs
		}
		if err := root.Remove(filepath.FromSlash(name)); err != nil {
			return removed, err
		}
		removed++
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if root.Remove(filepath.FromSlash(dir)) != nil {
				break // it holds something
			}
		}
	}
	return removed, writeManifest(root, after)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func readManifest(root *os.Root) (map[string]string, error) {
	data, err := root.ReadFile(manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	var m struct {
		Files map[string]string `json:"files"`
	}
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return nil, corax.Errorf(corax.Invalid, "read "+manifest, "%w", err)
	}
	for name := range m.Files {
		if !fs.ValidPath(name) {
			return nil, corax.Errorf(corax.Invalid, "read "+manifest, "%q is no file of a site", name)
		}
	}
	if m.Files == nil {
		m.Files = map[string]string{}
	}
	return m.Files, nil
}

func writeManifest(root *os.Root, files map[string]string) error {
	data, err := json.MarshalIndent(map[string]any{"about": "what `corax scenario publish` wrote here: it replaces and removes nothing else", "files": files}, "", " ")
	if err != nil {
		return err
	}
	tmp := path.Join(fresh, manifest)
	if err := write(root, tmp, append(data, '\n')); err != nil {
		return err
	}
	return root.Rename(filepath.FromSlash(tmp), manifest)
}

func write(root *os.Root, name string, data []byte) error {
	name = filepath.FromSlash(name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return root.WriteFile(name, data, 0o644)
}
