package jwt

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corax/lab/part"
)

// Each invariant finds the one thing that breaks it, says by which record, and finds nothing in what comes near it.
func TestEachInvariantCanBreak(t *testing.T) {
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	begin := []part.Record{
		record(0, "v1", "v1", recLoaded, "kids", "old"),
		record(0, "v2", "v2", recLoaded, "kids", "old"),
		record(0, "v1", "v1", recClock, "offset", "0s"),
		record(0, "auth", "auth", recSettings, "delivery_retries", "0", "check_receipts_before_switch", "false"),
		record(0, "auth", "auth", recCertificate, "serial", "1"),
		record(1, "auth", "auth", recToken, "kid", "old", "expires", stamp(at(50))),
	}
	state := func(ms int, actor, kid, from, to, successor string) part.Record {
		return record(ms, "auth", actor, recKeyState, "kid", kid, "from", from, "to", to, "successor", successor)
	}
	process := func(ms int, actor, event, name string, detail ...string) part.Record {
		return record(ms, part.SupervisorName, actor, event, append([]string{"name", name}, detail...)...)
	}
	webhook := func(ms int, verifier, event, kid string) part.Record {
		return record(ms, verifier, actorWebhook, event, "kid", kid)
	}
	answer := func(ms int, service, kid, status string, sent int) part.Record {
		return record(ms, "traffic", "user-001", recAnswer, "service", service, "kid", kid, "status", status, "sent", stamp(at(sent)))
	}
	acts := record(2, "auth", credCorax, recSettings, "delivery_retries", "0", "check_receipts_before_switch", "false")
	both := []part.Record{webhook(3, "v1", recAdded, "new"), webhook(3, "v2", recAdded, "new")}
	with := func(some []part.Record, more ...part.Record) []part.Record {
		return append(slices.Clone(some), more...)
	}
	for _, c := range []struct {
		name    string
		records []part.Record
		deeds   Deeds
		broken  string // the invariant; nothing where all hold
		record  string
	}{
		{"a switch too early", with(both[:1], acts, state(5, credCorax, "new", "pending", "signing", "new"),
			state(5, credCorax, "old", "signing", "published", "new")), Deeds{}, successorFirst, "auth/key_state"},
		{"withdrawn too early", with(both, acts, state(5, credCorax, "new", "pending", "signing", "new"),
			state(6, credCorax, "old", "published", "withdrawn", "new")), Deeds{}, tokensServed, "auth/key_state"},
		{"withdrawn in time", with(both, acts, state(5, credCorax, "new", "pending", "signing", "new"),
			state(60, credCorax, "old", "published", "withdrawn", "new")), Deeds{}, "", ""},
		{"given up, and back", with(both, acts,
			record(4, "auth", jobRotation, recRotation, "kid", "new", "previous_kid", "old", "reason", reasonCompromise, "hardened", "no"),
			state(5, credCorax, "old", "withdrawn", "signing", "old")), Deeds{}, compromiseStays, "auth/key_state"},

		{"accepted after it was dropped", []part.Record{webhook(100, "v1", recRemoved, "x"), answer(120, "v1", "x", "200", 110)}, Deeds{},
			revokedRefused, "traffic/answer"},
		{"sent before it was dropped", []part.Record{webhook(100, "v1", recRemoved, "x"), answer(120, "v1", "x", "200", 90)}, Deeds{}, "", ""},
		{"dropped elsewhere", []part.Record{webhook(100, "v2", recRemoved, "x"), answer(120, "v1", "x", "200", 110)}, Deeds{}, "", ""},
		{"refused after it was dropped", []part.Record{webhook(100, "v1", recRemoved, "x"), answer(120, "v1", "x", "401", 110)}, Deeds{}, "", ""},
		{"dropped, and there again", []part.Record{webhook(100, "v1", recRemoved, "x"), webhook(105, "v1", recAdded, "x"),
			answer(120, "v1", "x", "200", 110)}, Deeds{}, "", ""},

		{"the last one that accepts is stopped", []part.Record{process(10, "operator", processKill, "v2"), process(20, credCorax, processStop, "v1")},
			Deeds{}, oneAccepts, "supervisor/process_stop"},
		{"another one accepts", []part.Record{process(20, credCorax, processStop, "v1")}, Deeds{}, "", ""},
		{"somebody else stops the last", []part.Record{acts, process(10, credCorax, processStop, "v1"), process(20, "operator", processKill, "v2")},
			Deeds{}, "", ""},

		{"done twice for one key", []part.Record{process(10, credCorax, processStart, "v1", "key", "k1"),
			process(20, credCorax, processStart, "v1", "key", "k1")}, Deeds{}, oncePerKey, "supervisor/process_start"},
		{"done twice for two keys", []part.Record{process(10, credCorax, processStart, "v1", "key", "k1"),
			process(20, credCorax, processStart, "v1", "key", "k2")}, Deeds{}, "", ""},
		{"one key, two parts", []part.Record{process(10, credCorax, processStart, "v1", "key", "k1"),
			process(20, credCorax, processStart, "v2", "key", "k1")}, Deeds{}, "", ""},

		{"four starts", []part.Record{process(10, credCorax, processStart, "v1"), process(20, credCorax, processRestart, "v1"),
			process(30, credCorax, processStart, "v1"), process(40, credCorax, processStart, "v1")}, Deeds{}, restartsBounded, "supervisor/process_start"},
		{"four starts of two parts", []part.Record{process(10, credCorax, processStart, "v1"), process(20, credCorax, processStart, "v1"),
			process(30, credCorax, processStart, "v2"), process(40, credCorax, processStart, "v2")}, Deeds{}, "", ""},
		{"four starts in two hours", []part.Record{process(10, credCorax, processStart, "v1"), process(20, credCorax, processStart, "v1"),
			process(30, credCorax, processStart, "v1"), process(2*60*60*1000, credCorax, processStart, "v1")}, Deeds{}, "", ""},

		{"two at a time", []part.Record{process(50, credCorax, processRestart, "v1", "asked", stamp(at(10))),
			process(60, credCorax, processRestart, "v2", "asked", stamp(at(40)))}, Deeds{}, oneAtATime, "supervisor/process_restart"},
		{"one after the other", []part.Record{process(50, credCorax, processRestart, "v1", "asked", stamp(at(10))),
			process(90, credCorax, processRestart, "v2", "asked", stamp(at(60)))}, Deeds{}, "", ""},

		{"an order after the stop", []part.Record{process(2500, credCorax, processStart, "v1")}, Deeds{Stops: []Stop{{From: at(1000)}}},
			stopObeyed, "supervisor/process_start"},
		{"a delivery to who is to be left alone", []part.Record{record(2500, "auth", credCorax, recDelivery, "kid", "new", "verifier", "v1")},
			Deeds{Stops: []Stop{{Part: "v1", From: at(1000)}}}, stopObeyed, "auth/delivery"},
		{"within the second", []part.Record{process(1900, credCorax, processStart, "v1")}, Deeds{Stops: []Stop{{From: at(1000)}}}, "", ""},
		{"ordered before, done after", []part.Record{process(2500, credCorax, processStart, "v1", "asked", stamp(at(900)))},
			Deeds{Stops: []Stop{{From: at(1000)}}}, "", ""},
		{"a stop for another", []part.Record{process(2500, credCorax, processStart, "v1")}, Deeds{Stops: []Stop{{Part: "v2", From: at(1000)}}}, "", ""},
		{"after it was lifted", []part.Record{process(2500, credCorax, processStart, "v1")}, Deeds{Stops: []Stop{{From: at(1000), To: at(2000)}}}, "", ""},
		{"somebody else acts", []part.Record{process(2500, "operator", processStart, "v1")}, Deeds{Stops: []Stop{{From: at(1000)}}}, "", ""},

		{"a start that was not taken back", []part.Record{process(5, "operator", processKill, "v1"), process(20, credCorax, processStart, "v1")},
			Deeds{Undone: []Undone{{"v1", at(10), at(100)}}}, undoRestores, "supervisor/process_start"},
		{"a start that was", []part.Record{process(5, "operator", processKill, "v1"), process(20, credCorax, processStart, "v1"),
			process(30, credCorax, processStop, "v1")}, Deeds{Undone: []Undone{{"v1", at(10), at(100)}}}, "", ""},
		{"a clock that is wrong in another way", []part.Record{record(5, "v1", "operator", recClock, "offset", "-1m30s"),
			record(20, "v1", credCorax, recClock, "offset", "0s"), record(30, "v1", credCorax, recClock, "offset", "-1m")},
			Deeds{Undone: []Undone{{"v1", at(10), at(100)}}}, undoRestores, "v1/clock_set"},
		{"a certificate", []part.Record{record(20, "auth", credCorax, recCertificate, "serial", "2"),
			record(30, "auth", credCorax, recCertificate, "serial", "1")}, Deeds{Undone: []Undone{{"auth", at(10), at(100)}}}, "", ""},
		{"a key that stayed", []part.Record{webhook(20, "v1", recAdded, "new")}, Deeds{Undone: []Undone{{"v1", at(10), at(100)}}},
			undoRestores, "v1/key_added"},
		{"settings that stayed", []part.Record{record(20, "auth", credCorax, recSettings, "delivery_retries", "5", "check_receipts_before_switch", "true")},
			Deeds{Undone: []Undone{{"auth", at(10), at(100)}}}, undoRestores, "auth/settings_changed"},
		{"what was done before and after", []part.Record{process(5, credCorax, processStop, "v1"), process(200, credCorax, processStart, "v1")},
			Deeds{Undone: []Undone{{"v1", at(10), at(100)}}}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := check(history{records: append(slices.Clone(begin), c.records...), auth: "auth", verifiers: []string{"v1", "v2"}, deeds: c.deeds})
			if c.broken == "" {
				if len(found) > 0 {
					t.Errorf("found %+v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Invariant != c.broken || found[0].Record != c.record || found[0].At.IsZero() || found[0].Text == "" {
				t.Errorf("found %+v, want one breach of %s by %s", found, c.broken, c.record)
			}
		})
	}
}

// The documentation says of each invariant what the code says.
func TestInvariantsAreDocumented(t *testing.T) {
	all := Invariants()
	if len(all) != len(invariants) {
		t.Fatalf("two invariants share a name: %v", slices.Sorted(maps.Keys(all)))
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "lab-jwt.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, means := range all {
		if row := "| `" + name + "` | " + means + " |"; !strings.Contains(string(text), row) {
			t.Errorf("docs/lab-jwt.md lacks the line %s", row)
		}
	}
}
