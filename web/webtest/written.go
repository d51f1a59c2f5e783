package webtest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"corax"
	"corax/audit"
	"corax/config"
	"corax/web"
)

// Written are monitors as they are written, in a file that nobody has. What is tried is up where its text says so.
type Written struct {
	controls *Controls

	mu   sync.Mutex
	text map[string]string
}

func newWritten(c *Controls) *Written {
	return &Written{controls: c, text: map[string]string{
		"login": "name: login\n# the front door\nentity: auth\nevery: 30s   # often\nlabels: {team: shop}\nhttp:\n  url: https://up.example/login\n  expect: {status: [200, 302], latency: 2s}\n",
		"orders": "name: orders\nentity: order\nhttp:\n  token: vault:agent\n  steps:\n  - name: log in\n    url: https://up.example/login\n    save: {token: access.token}\n" +
			"  - name: orders\n    url: https://up.example/orders\n    header: {Authorization: \"Bearer ${token}\"}\n",
		"never run": "name: never run\ntitle: \"" + strings.ReplaceAll(Hostile, "\"", "\\\"") + "\"\ntls:\n  address: up.example:443\n",
	}}
}

// Change is a change of the file behind everybody's back.
func (w *Written) Change(name, old, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text[name] = strings.Replace(w.text[name], old, text, 1)
}

// Writable is true.
func (w *Written) Writable() bool { return true }

// MonitorText is a monitor as it is written.
func (w *Written) MonitorText(_ context.Context, name string) (web.MonitorText, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, ok := w.text[name]
	if !ok {
		return web.MonitorText{}, corax.Errorf(corax.NotFound, "read monitor "+name, "the configuration has none of this name")
	}
	return web.MonitorText{Name: name, Text: text, File: "corax.yaml", Revision: w.revision()}, nil
}

func (w *Written) revision() string {
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.text)) {
		all.WriteString(w.text[name])
	}
	return audit.Digest([]byte(all.String()))
}

// TryMonitor is up where the text holds "up".
func (w *Written) TryMonitor(_ context.Context, text string) (corax.ProbeResult, error) {
	if _, err := monitorOf(text); err != nil {
		return corax.ProbeResult{}, err
	}
	r := corax.ProbeResult{State: corax.MonitorDown, Message: Hostile, Latency: 12 * time.Millisecond}
	if strings.Contains(text, "up.example") {
		r.State, r.Message = corax.MonitorUp, "200 in 12 ms"
	}
	return r, nil
}

// WriteMonitor notes the call, and holds what the configuration takes.
func (w *Written) WriteMonitor(_ context.Context, m web.MonitorText, text string, by corax.Actor) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.Name != "" && m.Revision != w.revision() {
		return "", &corax.Error{Code: corax.Conflict, Op: "change monitor " + m.Name, Err: errors.New("the file was changed meanwhile"), Hint: "read the monitor again"}
	}
	if text == "" {
		delete(w.text, m.Name)
		return m.Name, w.controls.note("remove monitor " + m.Name + " by " + by.Name)
	}
	c, err := monitorOf(text)
	if err != nil {
		return "", err
	}
	w.text[c.Name] = text
	return c.Name, w.controls.note(cmp.Or(map[bool]string{true: "add monitor"}[m.Name == ""], "change monitor "+m.Name) + " by " + by.Name + ": " + text)
}

func monitorOf(text string) (config.Monitor, error) {
	c, err := config.Parse("corax.yaml", []byte("monitors:\n- "+strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")))
	if err != nil {
		return config.Monitor{}, corax.Errorf(corax.Invalid, "read the monitor", "%w", err)
	}
	return c.Monitors[0], nil
}
