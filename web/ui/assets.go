package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static
var static embed.FS

// Prefix is the path under which Assets serves.
const Prefix = "/static/"

// Asset is one file that pages need.
type Asset struct {
	Name string // with the hash of its content: corax.1f2e3d4c.css
	Type string // of its content
	Data []byte
	gzip []byte // nil where it would not be shorter
}

// Assets are the files that pages need, by their names without the hash. A name changes with its content, so that browsers may keep a
// file for ever.
type Assets struct {
	plain  map[string]*Asset
	hashed map[string]*Asset
}

// styles make up corax.css, in this order.
var styles = []string{
	"tokens.css", "base.css", "frame.css", "parts.css",
	"problem.css",
	"gallery.css",
	"topology.css", "people.css",
	"records.css",
	"govern.css",
	"print.css",
}

func loadAssets(extra ...[]byte) (*Assets, error) {
	a := &Assets{plain: map[string]*Asset{}, hashed: map[string]*Asset{}}
	files, err := fs.Sub(static, "static")
	if err != nil {
		return nil, err
	}
	all, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		kind := mime.TypeByExtension(path.Ext(f.Name()))
		switch path.Ext(f.Name()) {
		case ".css", ".LICENSE", ".md": // styles are put together below
			continue
		case ".woff2":
			kind = "font/woff2"
		}
		data, err := fs.ReadFile(files, f.Name())
		if err != nil {
			return nil, err
		}
		if err := a.add(f.Name(), kind, data); err != nil {
			return nil, err
		}
	}
	var css bytes.Buffer
	for _, name := range styles {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		css.Write(data)
	}
	for _, data := range extra {
		css.Write(data)
	}
	text := strings.ReplaceAll(css.String(), "url(sans.woff2)", "url("+a.plain["sans.woff2"].Name+")")
	return a, a.add("corax.css", "text/css; charset=utf-8", []byte(text))
}

func (a *Assets) add(name, kind string, data []byte) error {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	f := &Asset{Name: strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:4]) + ext, Type: kind, Data: data}
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if small.Len() < len(data)*9/10 {
		f.gzip = small.Bytes()
	}
	a.plain[name], a.hashed[f.Name] = f, f
	return nil
}

// Get is the file of this name (without hash). It panics where there is none: names stand in code and templates, and tests render all.
func (a *Assets) Get(name string) *Asset {
	f := a.plain[name]
	if f == nil {
		panic(fmt.Sprintf("ui: there is no file %q", name))
	}
	return f
}

// URL is where the file of this name is served.
func (a *Assets) URL(name string) string { return Prefix + a.Get(name).Name }

// ServeHTTP serves what is under Prefix.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := a.hashed[strings.TrimPrefix(r.URL.Path, Prefix)]
	if f == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	data := f.Data
	if f.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		data = f.gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(data)
	}
}
