package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"corax"
	"corax/audit"
	"corax/config"
	"corax/config/decode"
	"corax/config/edit"
	"corax/server"
)

// This file changes monitors where they are written: in the configuration's files. Every other byte of them stays; what was there before
// is kept in the data directory.

const listOfMonitors = "monitors"

// EditsDir is where the files are kept as they were before they were changed, by their digests.
func EditsDir(dataDir string) string { return filepath.Join(dataDir, "config-before") }

// MonitorConfig implements server.MonitorFiles.
func (c controls) MonitorConfig(_ context.Context, name string) (server.MonitorConfig, error) {
	cfg, err := c.a.written()
	if err != nil {
		return server.MonitorConfig{}, err
	}
	file, item, ok := cfg.MonitorPlace(name)
	if !ok {
		return server.MonitorConfig{}, corax.Errorf(corax.NotFound, "read monitor "+name, "the configuration has none of this name")
	}
	text, err := readConfig(file)
	if err != nil {
		return server.MonitorConfig{}, err
	}
	out := server.MonitorConfig{Name: name, File: file, Revision: revision(text)}
	out.Text, err = edit.Item(text, listOfMonitors, item)
	return out, err
}

// ChangeMonitor implements server.MonitorFiles.
func (c controls) ChangeMonitor(ctx context.Context, m server.MonitorChange) (server.MonitorChanged, error) {
	c.a.editing.Lock()
	defer c.a.editing.Unlock()
	e, err := c.a.drafted(m)
	if err != nil {
		return server.MonitorChanged{}, err
	}
	out := server.MonitorChanged{Name: e.name, File: e.file, Revision: revision(e.after), DryRun: m.DryRun}
	for _, w := range e.cfg.Warnings {
		out.Warnings = append(out.Warnings, w.Error())
	}
	if !m.DryRun {
		return out, c.a.putInForce(ctx, e, m)
	}
	out.Revision = revision(e.before)
	for _, spec := range e.cfg.Monitors {
		if spec.Name == e.name && m.Text != "" {
			tried, err := c.a.monitors.Try(ctx, spec)
			if err != nil {
				return out, err
			}
			tried.Message = c.a.redactor.Redact(tried.Message)
			out.Tried = &tried
		}
	}
	return out, nil
}

// draft is a change that holds.
type draft struct {
	name, file    string
	before, after []byte
	cfg           config.Config // as it will be
}

// written is the configuration as its files say now. It is a Conflict where that is not what is in force.
func (a *App) written() (config.Config, error) {
	const op = "look at the configuration's file"
	if a.o.File == "" {
		return config.Config{}, &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("Corax was started without one"),
			Hint: "start it with --config FILE"}
	}
	cfg, err := config.Load(a.o.File)
	if err != nil {
		return cfg, &corax.Error{Code: corax.Conflict, Op: op, Err: err, Hint: "mend the file first; corax config check says what is wrong"}
	}
	if !cfg.SameBut("", *a.config()) {
		return cfg, &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("it was changed since Corax has read it"), Hint: "reload it first, or take the change back"}
	}
	return cfg, nil
}

// drafted is the text with the change, once it is clear that the change, and nothing else, will be in force.
func (a *App) drafted(m server.MonitorChange) (draft, error) {
	op := "change monitor " + m.Name
	cfg, err := a.written()
	if err != nil {
		return draft{}, err
	}
	d := draft{name: m.Name, file: a.o.File}
	item := 0
	if m.Name != "" {
		var ok bool
		if d.file, item, ok = cfg.MonitorPlace(m.Name); !ok {
			return d, corax.Errorf(corax.NotFound, op, "the configuration has none of this name")
		}
	}
	if d.before, err = readConfig(d.file); err != nil {
		return d, err
	}
	if m.Name != "" && m.Revision != revision(d.before) {
		return d, &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("the file was changed meanwhile"), Hint: "read the monitor again"}
	}
	var alone config.Monitor
	text := m.Text
	if text != "" {
		if text, alone, err = monitorAlone(d.file, text); err != nil {
			return d, err
		}
		if m.Name != "" && alone.Name != m.Name {
			return d, &corax.Error{Code: corax.Invalid, Op: op, Err: fmt.Errorf("the text names it %s", alone.Name), Hint: "a monitor of another name is a new one"}
		}
		d.name = alone.Name
	}
	switch {
	case m.Name == "":
		d.after, err = edit.Append(d.before, listOfMonitors, text)
	case text == "":
		d.after, err = edit.Remove(d.before, listOfMonitors, item)
	default:
		d.after, err = edit.Replace(d.before, listOfMonitors, item, text)
	}
	if err != nil {
		return d, err
	}
	if d.cfg, err = config.LoadWith(a.o.File, map[string][]byte{d.file: d.after}); err == nil {
		err = CheckExpressions(d.cfg)
	}
	if err != nil {
		return d, corax.Errorf(corax.Invalid, op, "%w", err)
	}
	_, _, there := d.cfg.MonitorPlace(d.name)
	if !d.cfg.SameBut(d.name, cfg) || there != (text != "") {
		return d, &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("more than this monitor would change"), Hint: "change the file in an editor"}
	}
	return d, nil
}

// monitorAlone is a monitor's text as it is to be written, and what it means.
func monitorAlone(file, text string) (string, config.Monitor, error) {
	text, err := edit.Plain(text)
	if err != nil {
		return "", config.Monitor{}, err
	}
	list, err := edit.Append(nil, listOfMonitors, text)
	if err != nil {
		return "", config.Monitor{}, err
	}
	// Read by itself, its faults are told by its own lines; paths in it begin where the file is.
	cfg, err := config.Parse(filepath.Join(filepath.Dir(file), "the monitor"), list)
	if err != nil {
		if faults, ok := errors.AsType[decode.Errors](err); ok {
			for i := range faults { // told by the list's lines, which has one before it, and a dash
				faults[i].Line, faults[i].Column = max(faults[i].Line-1, 1), max(faults[i].Column-2, 1)
			}
		}
		return "", config.Monitor{}, corax.Errorf(corax.Invalid, "read the monitor", "%w", err)
	}
	if len(cfg.Monitors) != 1 {
		return "", config.Monitor{}, corax.Errorf(corax.Invalid, "read the monitor", "the text holds %d", len(cfg.Monitors))
	}
	return text, cfg.Monitors[0], nil
}

// putInForce writes the change and reads the configuration again. Where that fails the file is as it was.
func (a *App) putInForce(ctx context.Context, d draft, m server.MonitorChange) error {
	kept := filepath.Join(EditsDir(a.config().DataDir), filepath.Base(d.file)+"."+revision(d.before))
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return corax.Errorf(corax.Unavailable, "keep the file as it was", "%w", err)
	}
	if err := writeFile(kept, d.before); err != nil {
		return corax.Errorf(corax.Unavailable, "keep the file as it was", "%w", err)
	}
	if err := replaceFile(d.file, d.before, d.after); err != nil {
		return err
	}
	if err := a.Reload(ctx); err != nil {
		back := replaceFile(d.file, d.after, d.before)
		if back == nil {
			back = a.Reload(context.WithoutCancel(ctx))
		}
		return errors.Join(err, back)
	}
	what := "replaced"
	switch {
	case m.Name == "":
		what = "added"
	case m.Text == "":
		what = "removed"
	}
	return a.store.AppendAudit(ctx, corax.AuditEntry{
		At: a.o.Clock.Now(), Who: cmp.Or(m.By.Name, "corax"), What: corax.AuditEdited, On: "monitor/" + d.name, Inputs: audit.Digest(d.after),
		Detail: map[string]string{"file": d.file, "what": what, "before": audit.Digest(d.before), "via": string(m.By.Via)},
	})
}

// replaceFile puts a text in the place of a file that still holds what it held, and keeps its mode.
func replaceFile(file string, before, after []byte) (err error) {
	op := "write " + file
	refused := func(err error) error {
		return &corax.Error{Code: corax.Conflict, Op: op, Err: err, Hint: "the file and its directory must be writable for who runs Corax"}
	}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return refused(err)
	}
	info, err := os.Stat(real)
	if err != nil {
		return refused(err)
	}
	w, err := os.OpenFile(real, os.O_WRONLY, 0) // a file that may only be read is not replaced behind its back
	if err != nil {
		return refused(err)
	}
	_ = w.Close()
	tmp, err := os.CreateTemp(filepath.Dir(real), "."+filepath.Base(real)+".*")
	if err != nil {
		return refused(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(after)
	if err = errors.Join(err, tmp.Chmod(info.Mode().Perm()), tmp.Sync(), tmp.Close()); err != nil {
		return refused(err)
	}
	now, err := os.ReadFile(real)
	if err != nil {
		return refused(err)
	}
	if revision(now) != revision(before) {
		return &corax.Error{Code: corax.Conflict, Op: op, Err: errors.New("it was changed meanwhile"), Hint: "read the monitor again"}
	}
	if err = os.Rename(tmp.Name(), real); err != nil {
		return refused(err)
	}
	return nil
}

func readConfig(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, "read "+file, "%w", err)
	}
	return text, nil
}

// revision tells one text of a file from another.
func revision(text []byte) string { return audit.Digest(text)[:16] }
