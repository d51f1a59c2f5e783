package config_test

import (
	"strings"
	"testing"
	"time"

	"corax/config"
)

const people = `topology:
  entities: [{id: sw-1, kind: switch}]
notify:
  public_url: https://corax.example.org
  channels:
    - name: mail
      mail: {server: "smtp.example.org:587", from: corax@example.org, user: corax, password: env:SMTP_PASSWORD}
    - name: sms
      sms: {url: "https://api.example.org", account: AC1, token: env:SMS_TOKEN, from: "+491"}
  contacts:
    - name: ada
      time_zone: Europe/Berlin
      hours: Mon-Fri 08:00-18:00
      reach: [{channel: mail, to: ada@example.org}, {channel: sms, to: "+4917"}]
      limit: {count: 10, per: 1h}
  routes:
    - name: all
      match: {ids: [sw-1]}
      at_least: high
      steps: [{contacts: ada}]
  test: {every: 24h, contacts: [ada]}
hands:
  sites:
    - name: fra1
      ladder: [{contact: ada, channels: [sms]}]
  places:
    - {entity: sw-1, site: fra1, rack: R7}
`

func TestPeopleHaveDefaults(t *testing.T) {
	cfg, err := config.Parse("c.yaml", []byte(people))
	if err != nil {
		t.Fatal(err)
	}
	n := cfg.Notify
	if n.Channels[0].Mail.TLS != config.StartTLS || n.Contacts[0].Language != "en" || n.Routes[0].On != config.OnOpened ||
		n.Routes[0].Rounds != 1 || n.Routes[0].Steps[0].Wait != 5*time.Minute {
		t.Errorf("%+v", n)
	}
	place, site, ok := cfg.Hands.Place("sw-1")
	if !ok || place.Rack != "R7" || site.AcceptWithin != 30*time.Minute || site.DoneWithin != 4*time.Hour ||
		site.VerifyWithin != 5*time.Minute || site.Rounds != 1 || site.Ladder[0].Wait != 5*time.Minute {
		t.Errorf("%+v %+v", place, site)
	}
}

func TestFaultsAboutPeopleHaveTheirPlace(t *testing.T) {
	for _, c := range []struct{ name, was, is, want string }{
		{"channel of a contact", "{channel: mail, to", "{channel: mial, to", `c.yaml:14:25: notify.contacts[0].reach[0].channel: unknown channel "mial" (did you mean "mail"?)`},
		{"address", "to: ada@example.org", "to: ada", `notify.contacts[0].reach[0].to: expected an address of mail, found "ada"`},
		{"number", `to: "+4917"`, `to: "017"`, `expected a telephone number, found "017" (write it as "+4930123456")`},
		{"contact of a route", "contacts: ada", "contacts: adda", `notify.routes[0].steps[0].contacts[0]: unknown contact "adda" (did you mean "ada"?)`},
		{"contact of a test", "24h, contacts: [ada]", "24h, contacts: [ad]", `notify.test.contacts[0]: unknown contact "ad"`},
		{"often", "every: 24h", "every: 1s", `notify.test.every: expected at least 1m`},
		{"hours", "Mon-Fri 08:00-18:00", "Mo-Fri 08:00-18:00", `c.yaml:13:14: notify.contacts[0].hours[0]: "mo-fri" in "Mo-Fri 08:00-18:00" is not a day`},
		{"zone", "Europe/Berlin", "Europe/Bonn", `notify.contacts[0].time_zone: unknown time zone "Europe/Bonn"`},
		{"secret", "env:SMTP_PASSWORD", "hunter2", `notify.channels[0].mail.password: a credential is given as a reference`},
		{"open password", "password: env:SMTP_PASSWORD}", "password: env:SMTP_PASSWORD, tls: none}", `a password would cross the network in the open`},
		{"way of TLS", "password: env:SMTP_PASSWORD}", "password: env:SMTP_PASSWORD, tls: startls}", `did you mean "starttls"?`},
		{"nothing", `sms: {url: "https://api.example.org", account: AC1, token: env:SMS_TOKEN, from: "+491"}`, "", `channel "sms" reaches nobody`},
		{"no account", "account: AC1, ", "", `notify.channels[1].sms.account: "account" is missing`},
		{"two kinds", "    - name: sms\n", "    - name: sms\n      webhook: {url: \"http://h\"}\n", `channel "sms" has sms and webhook`},
		{"limit", "per: 1h", "per: 0s", `notify.contacts[0].limit.per: a limit needs a time`},
		{"entity of a route", "ids: [sw-1]", "ids: [sw1]", `notify.routes[0].match.ids[0]: unknown entity "sw1"`},
		{"kind in a ladder", "channels: [sms]", "channels: [smss]", `hands.sites[0].ladder[0].channels[0]: unknown kind of channel "smss"`},
		{"site of a place", "site: fra1, rack", "site: fra2, rack", `hands.places[0].site: unknown site "fra2" (did you mean "fra1"?)`},
		{"entity of a place", "entity: sw-1, site", "entity: sw-2, site", `hands.places[0].entity: unknown entity "sw-2"`},
		{"callbacks", `from: "+491"}`, `from: "+491", callbacks: true}`, ``},
		{"secret of replies", "password: env:SMTP_PASSWORD}", "password: env:SMTP_PASSWORD, replies: hunter2}", `notify.channels[0].mail.replies: a credential is given as a reference`},
		{"callbacks to nowhere", "  public_url: https://corax.example.org\n", "", ``},
		{"unknown field", "rack: R7", "rak: R7", `unknown field "rak" (did you mean "rack"?)`},
	} {
		text := strings.Replace(people, c.was, c.is, 1)
		if text == people {
			t.Fatalf("%s: nothing was replaced", c.name)
		}
		_, err := config.Parse("c.yaml", []byte(text))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
	text := strings.Replace(people, "password: env:SMTP_PASSWORD}", "password: env:SMTP_PASSWORD, replies: env:REPLIES}", 1)
	text = strings.Replace(text, "  public_url: https://corax.example.org\n", "", 1)
	if _, err := config.Parse("c.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "mail.replies") || !strings.Contains(err.Error(), "set notify.public_url") {
		t.Errorf("replies without an address: %v", err)
	}
	text = strings.Replace(people, `from: "+491"}`, `from: "+491", callbacks: true}`, 1)
	text = strings.Replace(text, "  public_url: https://corax.example.org\n", "", 1)
	if _, err := config.Parse("c.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), "set notify.public_url") {
		t.Errorf("callbacks without an address: %v", err)
	}
}
