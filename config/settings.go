package config

import (
	"fmt"
	"strconv"
	"strings"

	"corax/config/decode"
)

// Setting is one value that is in force.
type Setting struct {
	Path string `json:"path"` // notify.contacts[0].name
	Key  string `json:"-"`    // the last name in it
	Text string `json:"value"`
	From string `json:"from,omitempty"` // FILE:LINE; empty where nobody wrote it: a default, or a flag of the command line
}

// Settings lists every value that isn't empty, in the order of Config. Credentials are references, as everywhere in it.
func (c Config) Settings() []Setting {
	leaves := decode.Leaves(c)
	out := make([]Setting, len(leaves))
	for n, l := range leaves {
		out[n] = Setting{Path: l.Path, Key: l.Key, Text: l.Text, From: c.from(l.Path)}
	}
	return out
}

// from says where the value at a path was written.
func (c Config) from(path string) string {
	doc := c.main
	for list, items := range c.places {
		rest, ok := strings.CutPrefix(path, list+"[")
		if !ok {
			continue
		}
		index, field, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(index); err == nil && i < len(items) {
			doc, path = items[i].doc, items[i].path+field
		}
		break
	}
	if doc == nil {
		return ""
	}
	line, _, ok := doc.Find(path)
	if i := strings.LastIndexByte(path, '['); !ok && i > 0 && strings.HasSuffix(path, "]") {
		line, _, ok = doc.Find(path[:i]) // the only item of a list may be written without one
	}
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s:%d", doc.File, line)
}
