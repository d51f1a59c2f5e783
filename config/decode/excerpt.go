package decode

import "go.yaml.in/yaml/v4"

// Excerpt is the field of that path as YAML, with its comments; ok is false where it isn't there.
func (d *Document) Excerpt(path string) (text string, ok bool) {
	n := d.root
	for range maxDepth {
		step, rest, more := nextStep(path)
		if n == nil || !more {
			break
		}
		path = rest
		_, n = child(n, step)
	}
	if n == nil || path != "" {
		return "", false
	}
	out, err := yaml.Dump(n, yaml.WithIndent(2))
	return string(out), err == nil
}
