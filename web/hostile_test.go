package web_test

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"corax/access"
	"corax/store"
	"corax/web/webtest"
)

// fields tells of every text of every record that it is shown, whether hostile text is in one.
type fields map[string]bool

// add goes through a record. Texts of a type of their own, as a severity, are words of ours.
func (f fields) add(at string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			f.add(at, v.Elem())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				name := v.Type().String() + "." + field.Name
				if field.Anonymous {
					name = at
				}
				f.add(name, v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Len() == 0 && v.Type().Elem() == reflect.TypeFor[string]() {
			f[at] = f[at] || false
		}
		for i := range v.Len() {
			f.add(at, v.Index(i))
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			f.add(at+" (key)", k)
			f.add(at, v.MapIndex(k))
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			f[at] = f[at] || strings.Contains(v.String(), webtest.Hostile)
		}
	}
}

// ours are the fields, by the ends of their names, that no text from outside gets into: ids and digests that Corax makes, words of its own, and
// names that are held against a pattern before they are kept.
var ours = regexp.MustCompile(`^access\.|\.(ID|Plan|Problem|Problem\.Incidents|Diagnosis\.Incidents|Step|Incident|Approval|Order|Fingerprint|DecisionID|IncidentOf|IncidentOf \(key\)|Link)$|` +
	`^corax\.(Link\.From|Link\.To|Decision\.BreakGlass|ApprovalRequest\.BreakGlass|Explanation\.(Decision|Answer)|Event\.State|Event\.Data \(key\)|Decision\.Input \(key\)|` +
	`Rehearsal\.Finding|Diagnosis\.Pattern)$|^config\.Route\.On$|^vault\.Entry\.Name$|^scenario\.Result\.(Category|Name)$|^launch\.Job\.(Run|Scenario|Title)$`)

// The fixture, which every test of the pages looks at, has hostile text in every field of every record that text from outside or from people
// can get into. A field that is new has to be in it, or to be one of ours.
func TestHostileTextIsInEveryField(t *testing.T) {
	s := site(t, webtest.Options{})
	ctx := t.Context()
	f := fields{}
	see := func(all any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		f.add(fmt.Sprintf("%T", all), reflect.ValueOf(all))
	}
	see(s.Hostile, nil)
	see(s.Store.Approvals(ctx, false))
	see(s.Store.Stops(ctx))
	see(s.Store.Silences(ctx, webtest.Now))
	see(s.Store.Outcomes(ctx, "", ""))
	see(s.Store.Caps(ctx))
	see(s.Store.BreakGlasses(ctx, webtest.Now))
	see(s.Store.Pages(ctx, store.PageFilter{}))
	see(s.Estate.WorkOrders(ctx, store.WorkOrderFilter{}))
	see(s.Estate.Hands(ctx), nil)
	see(s.Estate.Notify().Contacts, nil)
	see(s.Estate.Notify().Routes, nil)
	see(s.Estate.Reach(ctx))
	see(s.Estate.Topology(), nil)
	see(s.Controls.Watched(), nil)
	credentials, _, err := s.Governor.Credentials(ctx)
	for _, c := range credentials {
		see(c.Entry, err)
	}
	see(s.Accounts.Users(ctx))
	see(s.Accounts.Sessions(ctx, access.UserID("sam")))
	see(s.Accounts.Tokens(ctx, access.UserID("sam")))
	see(s.Scenarios.Memory, nil)
	see(s.Scenarios.Jobs(), nil)
	if len(f) < 100 {
		t.Errorf("only %d fields were found", len(f))
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !f[name] && !ours.MatchString(name) {
			t.Errorf("no record has hostile text in %s: put it into webtest's fixture, or say why that can't come about", name)
		}
	}
}
