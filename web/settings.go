package web

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"corax"
	"corax/access"
	"corax/config"
	"corax/config/decode"
	"corax/health"
	"corax/lookup"
	"corax/store"
	"corax/web/ui"
)

// Settings is what the pages of settings read and set.
type Settings interface {
	// Configuration is what is in force, without secrets; file is empty where it was not read from one.
	Configuration() (file string, all []config.Setting, warnings []decode.Problem)
	Reload(ctx context.Context) error
	Credentials(ctx context.Context) (all []lookup.Reference, vault bool, err error)
	Operators() []corax.Operator
	Contacts() []config.Contact
	Reach(ctx context.Context) ([]corax.Reach, error)
	Entities() []string
}

const (
	settingsPage = 200
	mostEnded    = 20  // silences that are over
	mostOffered  = 300 // entities that a field offers; with more of them it offers none
)

// settings are the pages of what is in force: switches, silences, the configuration, credentials, people.
func (p *pages) settings() []area {
	if p.o.Settings == nil {
		return nil
	}
	return []area{{
		Nav: []entry{{Group: "Corax", NavItem: ui.NavItem{Text: "Settings", URL: "/settings", Icon: "settings"}}},
		Pages: []page{
			{Path: "/settings", File: "settings.html", Role: access.RoleViewer, Load: p.loadSwitches},
			{Path: "/settings/configuration", File: "configuration.html", Role: access.RoleOperator, Load: p.loadConfiguration},
			{Path: "/settings/credentials", File: "vault.html", Role: access.RoleOperator, Load: p.loadCredentials},
			{Path: "/settings/people", File: "contacts.html", Role: access.RoleViewer, Load: p.loadContacts},
		},
		Actions: []action{
			{Path: "/settings/reload", Role: access.RoleAdmin, Do: p.reload},
			{Path: "/settings/silences", Role: access.RoleResponder, Do: p.silence},
			{Path: "/settings/silences/{id}/end", Role: access.RoleResponder, Do: p.endSilence},
		},
		Funcs: map[string]any{"base": filepath.Base, "unit": unit},
	}}
}

func settingsTabs(who access.Principal, current string) []tab {
	tabs := []tab{{Text: "Switches and silences", URL: "/settings"}}
	if who.Limited() { // the others concern everybody
		return nil
	}
	if who.May(access.RoleOperator) {
		tabs = append(tabs, tab{Text: "Configuration", URL: "/settings/configuration"}, tab{Text: "Credentials", URL: "/settings/credentials"})
	}
	tabs = append(tabs, tab{Text: "People", URL: "/settings/people"})
	for i := range tabs {
		tabs[i].Current = tabs[i].URL == current
	}
	return tabs
}

type switchesData struct {
	Tabs        []tab
	Stops       []store.Stop
	Emergencies []corax.BreakGlass
	Now         []corax.Silence
	Planned     []corax.Silence
	Ended       []corax.Silence
	Entities    []string
	Entity      string // that the form for a silence begins with
	Proven      bool   // who looks may declare an emergency
	Limited     bool   // who looks sees some entities
	Switches    bool   // there are pages that throw and release switches
}

// MayEnd says whether a silence reaches no further than who looks sees. Those of other entities are not shown.
func (d switchesData) MayEnd(s corax.Silence) bool { return !d.Limited || s.Match["entity"] != "" }

func (p *pages) loadSwitches(r *http.Request) (*ui.View, error) {
	ctx, now := r.Context(), p.o.Clock.Now()
	who := access.From(ctx)
	d := switchesData{Tabs: settingsTabs(who, "/settings"), Entity: r.URL.Query().Get("entity"), Proven: who.Actor("").Proven(), Limited: who.Limited(),
		Switches: p.o.Emergencies != nil}
	seen := p.o.Records.Seen(ctx)
	d.Entities = slices.DeleteFunc(p.o.Settings.Entities(), func(e string) bool { return !seen(e) })
	if len(d.Entities) > mostOffered {
		d.Entities = nil
	}
	var err error
	if d.Stops, d.Emergencies, err = p.switches(ctx); err != nil {
		return nil, err
	}
	all, err := p.o.Records.Silences(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		switch {
		case !s.EndsAt.After(now):
			d.Ended = append(d.Ended, s)
		case s.StartsAt.After(now):
			d.Planned = append(d.Planned, s)
		default:
			d.Now = append(d.Now, s)
		}
	}
	slices.SortStableFunc(d.Ended, func(a, b corax.Silence) int { return b.EndsAt.Compare(a.EndsAt) })
	d.Ended = d.Ended[:min(len(d.Ended), mostEnded)]
	return &ui.View{Title: "Settings", Data: d}, nil
}

func (p *pages) silence(r *http.Request) (done, error) {
	s, err := readSilence(r.PostForm, by(r), p.o.Clock.Now())
	if err != nil {
		return done{}, err
	}
	if err := p.o.Records.SaveSilence(r.Context(), s); err != nil {
		return done{}, err
	}
	p.tell("silences")
	return done{To: "/settings#silences", Said: "Silenced until " + s.EndsAt.Format("2006-01-02 15:04 MST") + "."}, nil
}

// readSilence reads the form of a silence: an entity, and labels as lines of "name = value".
func readSilence(form url.Values, owner string, now time.Time) (corax.Silence, error) {
	const op = "set a silence"
	s := corax.Silence{Match: map[string]string{}, Owner: owner, Reason: strings.TrimSpace(form.Get("reason")), StartsAt: now}
	if entity := strings.TrimSpace(form.Get("entity")); entity != "" {
		s.Match["entity"] = entity
	}
	for line := range strings.Lines(form.Get("match")) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if name, value = strings.TrimSpace(name), strings.TrimSpace(value); !ok || name == "" || value == "" {
			return s, &corax.Error{Code: corax.Invalid, Op: op, Err: corax.Errorf(corax.Invalid, "", "%q is no label with its value", strings.TrimSpace(line)),
				Hint: "write team = payments, one in a line"}
		} else {
			s.Match[name] = value
		}
	}
	if text := form.Get("starts"); text != "" {
		at, err := time.Parse("2006-01-02T15:04", text)
		if err != nil {
			return s, &corax.Error{Code: corax.Invalid, Op: op, Err: corax.Errorf(corax.Invalid, "", "%q is no time", text), Hint: "write 2026-03-30T02:00, in UTC"}
		}
		s.StartsAt = at
	}
	length, err := time.ParseDuration(form.Get("for"))
	switch {
	case err != nil || length <= 0 || length > 365*24*time.Hour:
		return s, &corax.Error{Code: corax.Invalid, Op: op, Err: corax.Errorf(corax.Invalid, "", "%q is no length of time", form.Get("for")), Hint: "write 90m or 4h"}
	case len(s.Match) == 0:
		return s, &corax.Error{Code: corax.Invalid, Op: op, Err: corax.Errorf(corax.Invalid, "", "nothing is named"), Hint: "name an entity or a label: a silence of everything is refused"}
	case s.Reason == "":
		return s, &corax.Error{Code: corax.Invalid, Op: op, Err: corax.Errorf(corax.Invalid, "", "there is no reason"), Hint: "say why: others will ask"}
	}
	if s.EndsAt = s.StartsAt.Add(length); !s.EndsAt.After(now) {
		return s, corax.Errorf(corax.Invalid, op, "it would be over already")
	}
	return s.Named(), nil
}

func (p *pages) endSilence(r *http.Request) (done, error) {
	if err := p.o.Records.EndSilence(r.Context(), chi.URLParam(r, "id"), by(r)); err != nil {
		return done{}, err
	}
	p.tell("silences")
	return done{To: "/settings#silences", Said: "The silence is over."}, nil
}

func (p *pages) reload(r *http.Request) (done, error) {
	if err := p.o.Settings.Reload(r.Context()); err != nil {
		return done{}, err
	}
	return done{To: "/settings/configuration", Said: "The configuration was read again, and is in force."}, nil
}

// unit says a size as people do; empty for what is none.
func unit(s config.Setting) string {
	n, err := strconv.ParseInt(s.Text, 10, 64)
	if err != nil || s.Key != "size" && s.Key != "max_bytes" {
		return ""
	}
	return health.Bytes(n)
}

type configurationData struct {
	Tabs     []tab
	File     string
	Warnings []decode.Problem
	Section  string
	Sections []shelfCount
	Settings []config.Setting
	Query    string
	Total    int
	First    string
	Next     string
}

func (p *pages) loadConfiguration(r *http.Request) (*ui.View, error) {
	if err := whole(r, "read the configuration"); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	file, all, warnings := p.o.Settings.Configuration()
	d := configurationData{Tabs: settingsTabs(access.From(r.Context()), "/settings/configuration"), File: file, Warnings: warnings,
		Section: q.Get("section"), Query: strings.TrimSpace(q.Get("q"))}
	names, count := config.Sections(all)
	for _, name := range names {
		d.Sections = append(d.Sections, shelfCount{name, count[name]})
	}
	var found []config.Setting
	for _, s := range all {
		if (d.Section == "" || config.Section(s.Path) == d.Section) && finds(d.Query, s.Path, s.Text) {
			found = append(found, s)
		}
	}
	d.Total = len(found)
	from, _ := strconv.Atoi(q.Get("from")) // anything else is the first page
	from = min(max(from, 0), len(found))
	to := min(from+settingsPage, len(found))
	d.Settings = found[from:to]
	d.First, d.Next = around(r, "from", to < len(found), func() string { return strconv.Itoa(to) })
	return &ui.View{Title: "Configuration", Trail: []ui.Crumb{{Text: "Settings", URL: "/settings"}, {Text: "Configuration"}}, Data: d}, nil
}

type credentialsData struct {
	Tabs        []tab
	Vault       bool
	Credentials []lookup.Reference
}

func (p *pages) loadCredentials(r *http.Request) (*ui.View, error) {
	if err := whole(r, "list the credentials"); err != nil {
		return nil, err
	}
	all, there, err := p.o.Settings.Credentials(r.Context())
	if err != nil {
		return nil, err
	}
	d := credentialsData{Tabs: settingsTabs(access.From(r.Context()), "/settings/credentials"), Vault: there, Credentials: all}
	return &ui.View{Title: "Credentials", Trail: []ui.Crumb{{Text: "Settings", URL: "/settings"}, {Text: "Credentials"}}, Data: d}, nil
}

type contactsData struct {
	Tabs      []tab
	Operators []corax.Operator
	Contacts  []contact
}

type contact struct {
	config.Contact
	Ways []corax.Reach
}

func (p *pages) loadContacts(r *http.Request) (*ui.View, error) {
	if err := whole(r, "list the people"); err != nil {
		return nil, err
	}
	mayCall := access.From(r.Context()).May(access.RoleResponder)
	ways, err := p.o.Settings.Reach(r.Context())
	if err != nil {
		return nil, err
	}
	d := contactsData{Tabs: settingsTabs(access.From(r.Context()), "/settings/people"), Operators: p.o.Settings.Operators()}
	for _, c := range p.o.Settings.Contacts() {
		x := contact{Contact: c}
		for _, w := range ways {
			if w.Contact == c.Name {
				if !mayCall {
					w.To = ""
				}
				x.Ways = append(x.Ways, w)
			}
		}
		d.Contacts = append(d.Contacts, x)
	}
	return &ui.View{Title: "People", Trail: []ui.Crumb{{Text: "Settings", URL: "/settings"}, {Text: "People"}}, Data: d}, nil
}
