package app_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corax"
	"corax/app"
	"corax/config"
	"corax/server/client"
	"corax/store"
)

const editedMain = `# kept by hand
include: [more/*.yaml]
investigate: {settle: 20ms, most: 60ms}

monitors:
# the shop
- name: shop
  every: 1h   # seldom
  tcp: {address: ADDRESS}

# the end
`

const editedMore = `monitors:
- name: mail
  every: 1h
  tcp:
    address: ADDRESS   # another
`

// edited is a Corax whose monitors stand in two files.
func edited(t *testing.T) (a *app.App, c *client.Client, main, more, address string) {
	t.Helper()
	target := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(target.Close)
	dir := t.TempDir()
	address = target.Listener.Addr().String()
	main, more = filepath.Join(dir, "corax.yaml"), filepath.Join(dir, "more", "mail.yaml")
	if err := os.Mkdir(filepath.Dir(more), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{main: editedMain, more: editedMore} {
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "ADDRESS", address)), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(main)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir, cfg.Listen = filepath.Join(dir, "data"), "127.0.0.1:0"
	a = start(t, app.Options{Config: cfg, File: main})
	at := readAddress(t, cfg.DataDir)
	return a, &client.Client{URL: at.URL, Token: at.Token}, main, more, address
}

func fileText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMonitorsAreChangedWhereTheyAreWritten(t *testing.T) {
	a, c, main, more, address := edited(t)
	ctx := t.Context()
	before := map[string]string{main: fileText(t, main), more: fileText(t, more)}

	mail, err := c.GetMonitorConfig(ctx, "mail")
	if err != nil || mail.File != more || mail.Text != "name: mail\nevery: 1h\ntcp:\n  address: "+address+"   # another\n" {
		t.Fatalf("mail is %+v (%v)", mail, err)
	}
	text := strings.Replace(mail.Text, "1h", "2h # rarer", 1)
	tried, err := c.ReplaceMonitor(ctx, "mail", client.ReplaceMonitorParams{Text: text, IfMatch: mail.Revision, DryRun: true})
	if err != nil || !tried.DryRun || tried.Tried == nil || tried.Tried.State != corax.MonitorUp || fileText(t, more) != before[more] {
		t.Fatalf("tried: %+v (%v)", tried, err)
	}
	changed, err := c.ReplaceMonitor(ctx, "mail", client.ReplaceMonitorParams{Text: text, IfMatch: mail.Revision})
	if want := strings.Replace(before[more], "1h", "2h # rarer", 1); err != nil || fileText(t, more) != want || changed.Tried != nil {
		t.Fatalf("changed: %+v (%v)\n%s", changed, err, fileText(t, more))
	}
	if info, err := os.Stat(more); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode became %v (%v)", info.Mode(), err)
	}
	kept, err := filepath.Glob(filepath.Join(app.EditsDir(filepath.Join(filepath.Dir(main), "data")), "mail.yaml.*"))
	if err != nil || len(kept) != 1 || fileText(t, kept[0]) != before[more] {
		t.Errorf("kept as it was: %q (%v)", kept, err)
	}

	added, err := c.CreateMonitor(ctx, client.CreateMonitorParams{Text: `{"name": "new", "every": "1h", "tcp": {"address": "` + address + `"}}`})
	want := strings.Replace(before[main], "}\n", "}\n- {\"name\": \"new\", \"every\": \"1h\", \"tcp\": {\"address\": \""+address+"\"}}\n", 2)
	want = strings.Replace(want, "60ms}\n- {\"name\": \"new\", \"every\": \"1h\", \"tcp\": {\"address\": \""+address+"\"}}\n", "60ms}\n", 1)
	if err != nil || added.Name != "new" || fileText(t, main) != want {
		t.Fatalf("added: %+v (%v)\n%s\nexpected\n%s", added, err, fileText(t, main), want)
	}
	if r, err := c.RunMonitor(ctx, "new"); err != nil || r.State != corax.MonitorUp {
		t.Errorf("the new one is %+v (%v)", r, err)
	}
	if _, err := c.RemoveMonitor(ctx, "new", client.RemoveMonitorParams{IfMatch: added.Revision}); err != nil || fileText(t, main) != before[main] {
		t.Fatalf("removed again: %v\n%s", err, fileText(t, main))
	}
	if _, err := c.RunMonitor(ctx, "new"); corax.CodeOf(err) != corax.NotFound {
		t.Errorf("a removed one runs: %v", err)
	}

	rows, err := a.Store().Audit(ctx, store.AuditFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var what []string
	for _, r := range rows {
		if e, err := r.Entry(); err == nil && e.What == corax.AuditEdited {
			what = append(what, e.On+" "+e.Detail["what"]+" by "+e.Who)
		}
	}
	if got := strings.Join(what, ", "); got != "monitor/mail replaced by local, monitor/new added by local, monitor/new removed by local" {
		t.Errorf("the audit says %s", got)
	}
}

func TestMonitorsThatCantBeChanged(t *testing.T) {
	_, c, main, more, address := edited(t)
	ctx := t.Context()
	before := fileText(t, main)
	shop, err := c.GetMonitorConfig(ctx, "shop")
	if err != nil {
		t.Fatal(err)
	}
	put := func(text, revision string) error {
		_, err := c.ReplaceMonitor(ctx, "shop", client.ReplaceMonitorParams{Text: text, IfMatch: revision})
		return err
	}
	add := func(text string) error {
		_, err := c.CreateMonitor(ctx, client.CreateMonitorParams{Text: text})
		return err
	}
	get := func(name string) error {
		_, err := c.GetMonitorConfig(ctx, name)
		return err
	}
	good := "name: x\ntcp: {address: '" + address + "'}"
	for name, c := range map[string]struct {
		err  error
		code corax.Code
		says string
	}{
		"another revision":  {put(shop.Text, "0123456789abcdef"), corax.Conflict, "412"},
		"no revision":       {put(shop.Text, ""), corax.Invalid, "If-Match"},
		"another name":      {put(good, shop.Revision), corax.Invalid, "names it x"},
		"a fault in it":     {put("name: shop\ntcp: {adress: x}", shop.Revision), corax.Invalid, "the monitor:2"},
		"two of one name":   {add("name: mail\ntcp: {address: 'a:1'}"), corax.Invalid, "mail"},
		"more than it":      {add(good + "\n---\nlisten: 0.0.0.0:1"), corax.Invalid, "more than one document"},
		"an escape":         {add("name: x\ntcp: {address: 'a:1'}\n- name: y\n  tcp: {address: 'a:1'}"), corax.Invalid, ""},
		"a list":            {add("- name: x"), corax.Invalid, "begin with a field"},
		"one that isn't":    {get("nobody"), corax.NotFound, "nobody"},
		"an unknown secret": {add("name: x\nheartbeat: {token: tok}"), corax.Invalid, "token"},
	} {
		if corax.CodeOf(c.err) != c.code || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("%s: %v (%s), expected %s and %q", name, c.err, corax.CodeOf(c.err), c.code, c.says)
		}
	}
	if fileText(t, main) != before {
		t.Fatalf("what was refused was written:\n%s", fileText(t, main))
	}

	// What somebody has changed in an editor is neither lost nor put in force along with something else.
	if err := os.WriteFile(more, []byte("monitors: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := add(good); corax.CodeOf(err) != corax.Conflict || !strings.Contains(err.Error(), "changed since Corax has read it") {
		t.Errorf("while another change waits: %v", err)
	}
	if err := c.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	if err := add(good); err != nil {
		t.Errorf("after it was read: %v", err)
	}
	if os.Getuid() != 0 { // who may do everything is not refused
		if err := os.Chmod(main, 0o400); err != nil {
			t.Fatal(err)
		}
		if err := add(strings.Replace(good, "x", "y", 1)); corax.CodeOf(err) != corax.Conflict {
			t.Errorf("a file that may only be read: %v", err)
		}
	}
}

func TestWithoutAFileThereIsNothingToChange(t *testing.T) {
	cfg := testConfig(t.TempDir())
	start(t, app.Options{Config: cfg})
	at := readAddress(t, cfg.DataDir)
	c := client.Client{URL: at.URL, Token: at.Token}
	_, err := c.CreateMonitor(t.Context(), client.CreateMonitorParams{Text: "name: x\ntcp: {address: 'a:1'}"})
	if corax.CodeOf(err) != corax.Conflict || !strings.Contains(corax.HintOf(err), "--config") {
		t.Errorf("%v (%s)", err, corax.HintOf(err))
	}
}
