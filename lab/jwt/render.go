package jwt

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"regexp"
	"strings"
	"text/template"
	"time"

	"corax"
	"corax/lab/part"
)

//go:embed corax.yaml.tmpl
var configTemplate string

// The template writes ${...} for Corax, so its own marks are others.
var configTemplates = template.Must(template.New("corax.yaml").Delims("<<", ">>").Funcs(template.FuncMap{
	"q": quote,
}).Option("missingkey=error").Parse(configTemplate))

// quote writes a value as JSON, which is YAML too.
func quote(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSpace(b.String()), err
}

// rendered is what the template sees of a part.
type rendered struct {
	Name, Role       string
	Admin, API, Keys string // base addresses
	KeyEndpoint      string
	Session, Path    string // addresses
	AdminAddr        string
	Process          string
	Log              string
	Calls            []string
	Lines            []logLine
}

// logLine is a rule that picks lines of a log.
type logLine struct{ Name, Match, Kind string }

// Render writes the configuration with which Corax watches the lab that runs in dir.
func Render(dir string) error {
	s, err := Open(dir)
	if err != nil {
		return err
	}
	names := s.lay.Names
	view := func(name string) rendered {
		p, _ := s.state.Part(name)
		return rendered{Name: p.Name, Role: p.Role, Admin: p.URL("http", listenAdmin), AdminAddr: p.Addrs[listenAdmin],
			API: p.URL("http", listenAPI), Log: part.LogFile(dir, p.Name),
			Process: s.state.Supervisor.URL("http", listenAdmin) + "/processes/" + p.Name}
	}
	var services []rendered
	for _, v := range s.lay.Services {
		r := view(v.Name)
		r.KeyEndpoint = s.url(v.Name, "http", listenKeys) + names.KeyPath
		r.Session, r.Path, r.Calls = r.API+names.Session, r.API+v.Path, v.Calls
		services = append(services, r)
	}
	auth := view(names.Parts[roleAuth])
	auth.API = s.url(roleAuth, "https", listenAPI)
	authPart, _ := s.state.Part(roleAuth)
	auth.Lines = []logLine{
		{"rotation-begins", sayRotation.pattern(names.Wording), string(corax.ChangeOf)},
		{"rotated", sayRotated.pattern(names.Wording), string(corax.ChangeOf)},
		{"rotated-and-kept", sayRotatedKept.pattern(names.Wording), string(corax.ChangeOf)},
		{"certificate", sayCertificate.pattern(names.Wording), string(corax.ChangeOf)},
		{"delivered", sayDelivered.pattern(names.Wording), string(corax.Note)},
	}
	var ids, logins []string
	for _, v := range services {
		ids, logins = append(ids, v.Name), append(logins, v.Name+"-login")
	}
	var people []map[string]string
	for _, name := range operators {
		people = append(people, map[string]string{"Name": name, "Token": "file:" + secretFile(dir, name+".token")})
	}
	life, leeway := s.lay.Params.TokenLifetime, s.lay.Params.Leeway
	var out bytes.Buffer
	if err := configTemplates.Execute(&out, map[string]any{
		"Lab": names.Lab, "Auth": auth, "AuthAddr": authPart.Addrs[listenAPI], "Services": services, "ServiceIDs": ids,
		"Logins": logins, "Operators": people,
		"Users": view(names.Parts[roleTraffic]), "Login": auth.API + names.Login, "JWKS": auth.API + "/.well-known/jwks.json",
		"CA": caFile(dir), "Corax": "file:" + secretFile(dir, credCorax+".token"), "Canary": "file:" + secretFile(dir,
			credCanary+".token"),
		"Probe": "file:" + secretFile(dir, "probe.password"), "MostWait": (2*life + leeway + 5*time.Minute).String(),
	}); err != nil {
		return corax.Errorf(corax.Internal, "write the configuration for Corax", "%w", err)
	}
	if err := part.WriteFile(s.ConfigFile(), out.Bytes(), 0o600); err != nil {
		return corax.Errorf(corax.Unavailable, "write the configuration for Corax", "%w", err)
	}
	return nil
}

var verb = regexp.MustCompile(`%\[\d\]\w`)

// pattern is a regular expression for what a phrase says in one wording.
func (p phrase) pattern(wording int) string {
	text := p[wording%wordings]
	var b strings.Builder
	b.WriteByte('^')
	at := 0
	for _, m := range verb.FindAllStringIndex(text, -1) {
		b.WriteString(regexp.QuoteMeta(text[at:m[0]]))
		b.WriteString(`.+`)
		at = m[1]
	}
	b.WriteString(regexp.QuoteMeta(text[at:]))
	return b.String()
}
