package jwt

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"corax/lab/part"
)

// Violation is a breach of one of the lab's invariants.
type Violation struct {
	Invariant string    `json:"invariant"` // its name
	At        time.Time `json:"at"`
	By        string    `json:"by"`     // the actor of the record that shows it
	Record    string    `json:"record"` // whose record it is, and of what: "part/event"
	Text      string    `json:"text"`
}

// Deeds are what the lab's parts can't know of and are judged by all the same.
type Deeds struct {
	Stops  []Stop
	Undone []Undone
}

// Stop is a time in which Corax was told to leave a part alone, or everything.
type Stop struct {
	Part     string    // by name; empty is every part
	From, To time.Time // To is zero where it was not lifted
}

// Undone is what Corax says that it has taken back: all that it did to a part in a time.
type Undone struct {
	Part     string
	From, To time.Time
}

// The names of the invariants.
const (
	successorFirst  = "successor_first"
	tokensServed    = "tokens_served"
	compromiseStays = "compromise_stays"
	revokedRefused  = "revoked_refused"
	oneAccepts      = "one_accepts"
	oncePerKey      = "once_per_key"
	restartsBounded = "restarts_bounded"
	oneAtATime      = "one_at_a_time"
	stopObeyed      = "stop_obeyed"
	undoRestores    = "undo_restores"
)

// invariant is a rule that must hold from the first action of Corax to the end, and how its breaches are found in the records.
type invariant struct {
	name, means string
	breaches    func(history) []Violation
}

var invariants = []invariant{
	{successorFirst, "no key leaves signing, the JWKS or a keystore while a verifier lacks the key that signs instead", keysKept(successorFirst)},
	{tokensServed, "no key leaves the JWKS or a keystore while a token that has not run out carries its id", keysKept(tokensServed)},
	{compromiseStays, "a key that was given up as compromised never signs again", keysKept(compromiseStays)},
	{revokedRefused, "no verifier accepts a key after it was taken out of its keystore, by what users got", revokedIsRefused},
	{oneAccepts, "Corax never takes away the last verifier that runs and accepts what is signed now", someAccept},
	{oncePerKey, "what was asked for with one idempotency key was done once", doneOnce},
	{restartsBounded, "Corax starts or restarts a part three times an hour at most", fewRestarts},
	{oneAtATime, "Corax never stops or restarts two parts at the same time", oneDown},
	{stopObeyed, "a second after the kill switch Corax orders nothing any more of what it forbids", stopsObeyed},
	{undoRestores, "what Corax has taken back is exactly as it was before", undosRestore},
}

// Invariants are the names of the lab's invariants, and what each means.
func Invariants() map[string]string {
	all := make(map[string]string, len(invariants))
	for _, i := range invariants {
		all[i.name] = i.means
	}
	return all
}

// history is what the invariants are held against: the records of all parts in the order of time, and what Corax was told and claims.
type history struct {
	records   []part.Record
	auth      string
	verifiers []string
	deeds     Deeds
}

// check holds the records against every invariant, and gives the breaches in the order of time.
func check(h history) []Violation {
	// Each file is in order; records of different parts are put in order by the one clock that they share.
	h.records = slices.Clone(h.records)
	slices.SortStableFunc(h.records, func(a, b part.Record) int { return a.At.Compare(b.At) })
	var all []Violation
	for _, i := range invariants {
		for _, v := range i.breaches(h) {
			v.Invariant = i.name
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b Violation) int { return a.At.Compare(b.At) })
	return all
}

func breach(r part.Record, format string, args ...any) Violation {
	return Violation{At: r.At, By: r.Actor, Record: r.Part + "/" + r.Event, Text: fmt.Sprintf(format, args...)}
}

// The names of the supervisor's records.
const (
	processStart   = "process_start"
	processStop    = "process_stop"
	processRestart = "process_restart"
	processKill    = "process_kill"
	processEnded   = "process_ended"
)

// of is the part that a record is about: the supervisor and auth do things to others.
func of(r part.Record) string {
	switch {
	case r.Part == part.SupervisorName:
		return r.Detail["name"]
	case r.Event == recDelivery:
		return r.Detail["verifier"]
	}
	return r.Part
}

// changes says that the record is of something that was altered, or was to be.
func changes(r part.Record) bool {
	switch r.Event {
	case recKeyState, recDelivery, recSettings, recCertificate, recClock, processStart, processStop, processRestart:
		return true
	}
	return false
}

// revokedIsRefused goes by what users got: an answer to a request that was sent after the verifier had dropped the key.
func revokedIsRefused(h history) (found []Violation) {
	dropped := map[string]time.Time{} // by verifier and key
	for _, r := range h.records {
		id := r.Part + " " + r.Detail["kid"]
		switch r.Event {
		case recRemoved:
			dropped[id] = r.At
		case recAdded:
			delete(dropped, id)
		case recLoaded:
			for _, k := range strings.Fields(r.Detail["kids"]) {
				delete(dropped, r.Part+" "+k)
			}
		case recAnswer:
			sent, err := time.Parse(time.RFC3339Nano, r.Detail["sent"])
			at, gone := dropped[r.Detail["service"]+" "+r.Detail["kid"]]
			if err == nil && gone && sent.After(at) && strings.HasPrefix(r.Detail["status"], "2") {
				found = append(found, breach(r, "%s accepted key %s %s after it had dropped it", r.Detail["service"], r.Detail["kid"],
					sent.Sub(at).Round(time.Millisecond)))
			}
		}
	}
	return found
}

// someAccept judges each change by Corax, and by the webhooks that it has auth send, alone: what the fault itself forbids is not Corax's doing.
func someAccept(h history) (found []Violation) {
	stores, down := map[string]map[string]bool{}, map[string]bool{}
	for _, v := range h.verifiers {
		stores[v] = map[string]bool{}
	}
	signer, judging := "", false
	accepting := func() bool {
		return slices.ContainsFunc(h.verifiers, func(v string) bool { return !down[v] && stores[v][signer] })
	}
	for _, r := range h.records {
		judging = judging || r.Actor == credCorax
		did := accepting()
		if store, ok := stores[r.Part]; ok {
			hold(store, r)
		}
		switch r.Event {
		case recToken:
			signer = cmp.Or(signer, r.Detail["kid"]) // the key that signs from the start has no record of its own
		case recKeyState:
			if keyState(r.Detail["to"]) == signing {
				signer = r.Detail["kid"]
			}
		case processStop, processKill, processEnded:
			down[of(r)] = true
		case processStart, processRestart:
			down[of(r)] = false
		}
		if ours := r.Actor == credCorax || r.Actor == actorWebhook; judging && ours && did && !accepting() {
			found = append(found, breach(r, "no verifier that runs accepts key %s, which signs, any more", signer))
		}
	}
	return found
}

// doneOnce counts what was altered with one key. A delivery counts at the verifier, which takes a key once by its nature.
func doneOnce(h history) (found []Violation) {
	seen := map[string]part.Record{}
	for _, r := range h.records {
		if r.Detail["key"] == "" || !changes(r) || r.Event == recDelivery {
			continue
		}
		id := strings.Join([]string{r.Detail["key"], r.Part, r.Event, of(r), r.Detail["kid"]}, " ")
		if first, twice := seen[id]; twice {
			found = append(found, breach(r, "done again for key %s, after %s", r.Detail["key"], first.At.Format(time.RFC3339Nano)))
			continue
		}
		seen[id] = r
	}
	return found
}

const mostRestarts = 3 // of one part, an hour; as many as a problem has plans

func fewRestarts(h history) (found []Violation) {
	starts := map[string][]time.Time{}
	for _, r := range h.records {
		if r.Actor != credCorax || r.Event != processStart && r.Event != processRestart {
			continue
		}
		name := of(r)
		starts[name] = append(slices.DeleteFunc(starts[name], func(at time.Time) bool { return r.At.Sub(at) >= time.Hour }), r.At)
		if n := len(starts[name]); n > mostRestarts {
			found = append(found, breach(r, "%s was started %d times within an hour", name, n))
		}
	}
	return found
}

// oneDown finds two stops or restarts that overlap: the order for one came before the other was carried out.
func oneDown(h history) (found []Violation) {
	last := map[string]time.Time{} // when the latest stop or restart of a part was carried out
	for _, r := range h.records {
		if r.Actor != credCorax || r.Event != processStop && r.Event != processRestart {
			continue
		}
		for _, other := range slices.Sorted(maps.Keys(last)) {
			if other != of(r) && r.Asked().Before(last[other]) {
				found = append(found, breach(r, "%s and %s were taken down at the same time", other, of(r)))
			}
		}
		last[of(r)] = r.At
	}
	return found
}

const stopWithin = time.Second // the kill switch takes effect

// stopsObeyed judges by when an order came: what a part had taken on before goes on.
func stopsObeyed(h history) (found []Violation) {
	for _, r := range h.records {
		if r.Actor != credCorax || !changes(r) {
			continue
		}
		for _, s := range h.deeds.Stops {
			asked := r.Asked()
			meant := s.Part == "" || s.Part == of(r) || s.Part == r.Part
			if meant && asked.After(s.From.Add(stopWithin)) && (s.To.IsZero() || asked.Before(s.To)) {
				found = append(found, breach(r, "ordered for %s, %s after the kill switch", of(r), asked.Sub(s.From).Round(time.Millisecond)))
			}
		}
	}
	return found
}

// undosRestore holds what Corax altered at a part, in the time of what it says to have taken back, against what was there before.
func undosRestore(h history) (found []Violation) {
	for _, u := range h.deeds.Undone {
		before, after, ours := map[string]string{}, map[string]string{}, map[string]part.Record{}
		for _, r := range h.records {
			if r.At.After(u.To) {
				break
			}
			thing, value := states(r)
			if thing == "" || of(r) != u.Part {
				continue
			}
			after[thing] = value
			if r.At.Before(u.From) {
				before[thing] = value
			} else if r.Actor == credCorax || r.Actor == actorWebhook {
				ours[thing] = r
			}
		}
		for _, thing := range slices.Sorted(maps.Keys(ours)) {
			was := cmp.Or(before[thing], initially(thing))
			if after[thing] != was {
				v := breach(ours[thing], "%s of %s was %s before, and is %s after it was taken back", thing, u.Part, was, after[thing])
				found = append(found, v)
			}
		}
	}
	return found
}

// states says what a record makes of a thing of its part; nothing where it is about no state.
func states(r part.Record) (thing, value string) {
	switch r.Event {
	case processStart, processRestart:
		return "process", "up"
	case processStop, processKill, processEnded:
		return "process", "down"
	case recKeyState:
		return "key " + r.Detail["kid"], r.Detail["to"]
	case recAdded:
		return "keystore entry " + r.Detail["kid"], "there"
	case recRemoved:
		return "keystore entry " + r.Detail["kid"], "absent"
	case recClock:
		return "clock", r.Detail["offset"]
	case recCertificate:
		return "certificate", r.Detail["serial"]
	case recSettings:
		return "settings", r.Detail["delivery_retries"] + ", " + r.Detail["check_receipts_before_switch"]
	}
	return "", ""
}

// initially is the state of a thing that has no record yet.
func initially(thing string) string {
	switch {
	case thing == "process":
		return "up"
	case strings.HasPrefix(thing, "keystore entry"):
		return "absent"
	}
	return "unknown"
}
