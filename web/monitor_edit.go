package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/config/decode"
	"corax/config/edit"
	"corax/web/ui"
)

// MonitorFiles is what the pages do with the monitors as they are written in the configuration, as the API does it.
type MonitorFiles interface {
	// Writable says whether WriteMonitor can work; otherwise somebody must edit the configuration.
	Writable() bool
	// MonitorText is a monitor as it is written. Errors: NotFound; Conflict where the file is not what is in force, or can't be read so.
	MonitorText(ctx context.Context, name string) (MonitorText, error)
	// TryMonitor runs a monitor once; text is its item of the list monitors, in YAML. Nothing is kept. Errors: Invalid.
	TryMonitor(ctx context.Context, text string) (corax.ProbeResult, error)
	// WriteMonitor writes text in the place of m, at the end of the list where m has no name, and puts it in force; without text it takes m
	// out. Errors: Invalid; Conflict where the file can't be changed, or is another since m was read.
	WriteMonitor(ctx context.Context, m MonitorText, text string, by corax.Actor) (name string, err error)
}

// MonitorText is a monitor as it is written.
type MonitorText struct {
	Name     string
	Text     string // its item of the list monitors, in YAML
	File     string
	Revision string // of the file
}

// monitorEdits are the pages by which monitors are written, changed and taken out.
func (p *pages) monitorEdits() []area {
	if p.o.MonitorFiles == nil || p.o.Find == nil {
		return nil
	}
	const one, file = "/monitors/{name}", "monitor-edit.html"
	a := area{
		Pages: []page{{Path: one + "/edit", File: file, Role: access.RoleAdmin, Load: p.loadMonitorEdit}},
		Actions: []action{
			{Path: one + "/edit", File: file, Role: access.RoleAdmin, Do: p.editMonitor},
			{Path: one + "/remove", File: file, Role: access.RoleAdmin, Do: p.removeMonitor},
		},
		Files: []string{"_tried.html"},
	}
	for _, k := range monitorKinds {
		path := newMonitorPath(k.name)
		a.Pages = append(a.Pages, page{Path: path, File: file, Role: access.RoleAdmin, Load: func(*http.Request) (*ui.View, error) {
			f := monitorForm{Kind: k.name}
			f.show(map[string]string{})
			return p.monitorFormView(&f), nil
		}})
		a.Actions = append(a.Actions, action{Path: path, File: file, Role: access.RoleAdmin, Do: func(r *http.Request) (done, error) { return p.writeMonitor(r, k.name) }})
	}
	return []area{a}
}

// newMonitorPath has a part more than the path of a monitor, so that a monitor may be called new.
func newMonitorPath(kind string) string { return "/monitors/new/" + kind }

func monitorPath(name string) string { return "/monitors/" + url.PathEscape(name) }

// maySetMonitors says whether who asks is offered to change monitors.
func (p *pages) maySetMonitors(r *http.Request) bool {
	return p.o.MonitorFiles != nil && access.From(r.Context()).May(access.RoleAdmin) && p.o.MonitorFiles.Writable()
}

// monitorForm is the form of a monitor, with what somebody typed and what is wrong with it.
type monitorForm struct {
	Name, URL    string // of the monitor that is there; empty for a new one
	Kind         string
	File         string
	Seen         string // tells whether the monitor's text is still that which the form was made of
	Own, Every   []field
	Elsewhere    bool   // not all that is written can be shown in fields
	Text         string // as it is written, or as somebody typed it
	Typed        bool   // the text
	Wrong, Hint  string // with all of it
	Faults       []decode.Problem
	Now          string // what is written now, where that is not what the form was made of
	Try          tried  // what a run of it saw
	Tabs         []tab
	Entities     []string
	CanTry, Edit bool // it can be tried; it is there already
}

// field is a field of a form, as the part "field" shows it.
type field struct {
	Name, Label, Type, Value, Hint, Error, Placeholder, Complete, List string
	Rows, Most                                                         int
	Required                                                           bool
	Options                                                            []option
}

// show lays out the fields with their values.
func (f *monitorForm) show(values map[string]string) {
	own, every, elsewhere := fieldsOf(f.Kind, f.Text)
	f.Elsewhere = elsewhere
	lay := func(all []settable) (out []field) {
		for _, s := range all {
			x := field{Name: s.path, Label: s.label, Hint: s.hint, Value: values[s.path], Options: s.options, Required: s.required, Complete: "off"}
			if s.as == asLines || s.as == asPairs {
				x.Rows, x.Most = 3, 10_000
			}
			if s.path == "entity" {
				x.List = "monitor-entities"
			}
			out = append(out, x)
		}
		return out
	}
	f.Own, f.Every = lay(own), lay(every)
	if !f.Edit {
		f.Every = append([]field{{Name: "name", Label: "Name", Hint: "It stays: letters, digits, dashes", Value: values["name"], Required: true, Complete: "off"}}, f.Every...)
	}
}

// at is the field of a path, or of a part of what the field holds.
func (f *monitorForm) at(path string) *field {
	for _, list := range [][]field{f.Own, f.Every} {
		for i := range list {
			if rest, ok := strings.CutPrefix(path, list[i].Name); ok && (rest == "" || rest[0] == '[' || rest[0] == '.') {
				return &list[i]
			}
		}
	}
	return nil
}

var monitorItem = regexp.MustCompile(`^monitors\[\d+\]\.?`)

// refuse puts what is wrong to the fields that it is about.
func (f *monitorForm) refuse(err error) {
	var faults decode.Errors
	if !errors.As(err, &faults) {
		f.Wrong, f.Hint = ui.Upper(cause(err)), corax.HintOf(err)
		return
	}
	for _, fault := range faults {
		at := f.at(monitorItem.ReplaceAllString(fault.Field, ""))
		if at == nil || f.Typed {
			fault.File = filepath.Base(fault.File)
			f.Faults = append(f.Faults, fault)
			continue
		}
		at.Error = ui.Upper(fault.Message)
		if fault.Hint != "" {
			at.Error += " (" + fault.Hint + ")"
		}
	}
	f.Wrong, f.Hint = "This can't be used as it is written", "nothing was changed"
}

// asItIs is the field that holds a monitor's whole text.
const asItIs = "text"

// typedInto is what the form sent.
func typedInto(form url.Values) map[string]string {
	typed := map[string]string{}
	for k, v := range form {
		if typed[k] = strings.ReplaceAll(v[0], "\r\n", "\n"); k != asItIs {
			typed[k] = strings.TrimSpace(typed[k])
		}
	}
	return typed
}

// monitorText is the monitor of the path as it is written, where it may be shown whole.
func (p *pages) monitorText(r *http.Request) (MonitorText, error) {
	m, err := p.o.MonitorFiles.MonitorText(r.Context(), chi.URLParam(r, "name"))
	if err == nil && p.o.Known != nil && p.o.Known(m.Text) != m.Text { // what the page doesn't show, its form would take out
		err = &corax.Error{Code: corax.Conflict, Op: "change the monitor", Err: errors.New("a secret is written in it"), Hint: "move it to the vault, in an editor: docs/security.md"}
	}
	return m, err
}

func seenOf(text string) string { return audit.Digest([]byte(text))[:16] }

// formOf is the form of a monitor as it is written.
func formOf(m MonitorText) monitorForm {
	return monitorForm{Name: m.Name, URL: monitorPath(m.Name), Kind: kindOf(m.Text), File: m.File, Seen: seenOf(m.Text), Text: m.Text, Edit: true}
}

func (p *pages) loadMonitorEdit(r *http.Request) (*ui.View, error) {
	m, err := p.monitorText(r)
	if err != nil {
		return nil, err
	}
	f := formOf(m)
	f.show(valuesOf(f.Kind, f.Text))
	return p.monitorFormView(&f), nil
}

func (p *pages) monitorFormView(f *monitorForm) *ui.View {
	v := &ui.View{Title: "New monitor", Trail: []ui.Crumb{{Text: "Monitors", URL: "/monitors"}, {Text: "New"}}, Data: f}
	for _, k := range monitorKinds {
		f.CanTry = f.CanTry || k.name == f.Kind && k.tried
		if !f.Edit {
			f.Tabs = append(f.Tabs, tab{Text: k.text, URL: newMonitorPath(k.name), Current: k.name == f.Kind})
		}
	}
	if f.Edit {
		v.Title, v.Trail = "Change "+f.Name, []ui.Crumb{{Text: "Monitors", URL: "/monitors"}, {Text: f.Name, URL: f.URL}, {Text: "Change"}}
	}
	if p.o.Topology != nil {
		if all := p.o.Topology.Topology().Entities; len(all) <= mostOffered {
			for _, e := range all {
				f.Entities = append(f.Entities, e.ID)
			}
		}
	}
	return v
}

// again shows the form once more, with what was typed.
func (p *pages) again(f *monitorForm, err error) (done, error) {
	status := http.StatusOK
	if err != nil {
		if status = statuses[corax.CodeOf(err)]; status == 0 {
			return done{}, err
		}
		f.refuse(err)
	}
	return done{View: p.monitorFormView(f), Status: status}, nil
}

// editMonitor writes a monitor anew, by its fields or as a text; or only tries that.
func (p *pages) editMonitor(r *http.Request) (done, error) {
	m, err := p.monitorText(r)
	if err != nil {
		return done{}, err
	}
	f := formOf(m)
	typed, said := typedInto(r.PostForm), valuesOf(f.Kind, f.Text)
	text, isText := typed[asItIs]
	if f.Typed = isText; isText {
		f.show(said)
		f.Text = text
	} else {
		f.show(typed)
		text, err = textOf(f.Kind, m.Text, typed)
	}
	if typed["seen"] != f.Seen { // by somebody else: what they wrote is not overwritten unseen
		f.Now = m.Text
		for path, was := range said {
			if at := f.at(path); at != nil && !f.Typed && at.Value != was {
				at.Error = "It is written now: " + was
			}
		}
		return p.again(&f, &corax.Error{Code: corax.Conflict, Op: "change the monitor", Err: errors.New("the monitor was changed meanwhile"),
			Hint: "nothing was changed yet; what you typed is below, and what is written now beside it"})
	}
	if err != nil {
		return p.again(&f, err)
	}
	if typed["do"] == "try" {
		return p.tryTyped(r, &f, text)
	}
	if !isText && text == m.Text {
		return done{To: f.URL, Said: "Nothing was changed."}, nil
	}
	if _, err := p.o.MonitorFiles.WriteMonitor(r.Context(), m, text, access.From(r.Context()).Actor("")); err != nil {
		return p.again(&f, err)
	}
	p.tell("monitors", "monitor:"+m.Name)
	return done{To: f.URL, Said: "Changed, and in force."}, nil
}

// writeMonitor writes a new monitor, or only tries it.
func (p *pages) writeMonitor(r *http.Request, kind string) (done, error) {
	f := monitorForm{Kind: kind}
	typed := typedInto(r.PostForm)
	f.show(typed)
	text, err := edit.Set("name: x\n"+kind+": {}\n", "name", typed["name"])
	if err == nil {
		text, err = textOf(kind, text, typed)
	}
	if err != nil {
		return p.again(&f, err)
	}
	if typed["do"] == "try" {
		return p.tryTyped(r, &f, text)
	}
	name, err := p.o.MonitorFiles.WriteMonitor(r.Context(), MonitorText{}, text, access.From(r.Context()).Actor(""))
	if err != nil {
		return p.again(&f, err)
	}
	p.tell("monitors")
	return done{To: monitorPath(name), Said: "It is watched from now on."}, nil
}

func (p *pages) tryTyped(r *http.Request, f *monitorForm, text string) (done, error) {
	seen, err := p.o.MonitorFiles.TryMonitor(r.Context(), text)
	if err == nil {
		f.Try.Result = &seen
	}
	return p.again(f, err)
}

func (p *pages) removeMonitor(r *http.Request) (done, error) {
	m, err := p.monitorText(r)
	if err != nil {
		return done{}, err
	}
	f := formOf(m)
	f.show(valuesOf(f.Kind, f.Text))
	if r.PostFormValue("seen") != f.Seen {
		return p.again(&f, &corax.Error{Code: corax.Conflict, Op: "remove the monitor", Err: errors.New("the monitor was changed meanwhile"), Hint: "this is what is written now; it was not removed"})
	}
	if _, err := p.o.MonitorFiles.WriteMonitor(r.Context(), m, "", access.From(r.Context()).Actor("")); err != nil {
		return p.again(&f, err)
	}
	p.tell("monitors", "monitor:"+m.Name)
	return done{To: "/monitors", Said: m.Name + " is watched no more. Its history stays."}, nil
}
