package jwt

import (
	"fmt"
	"strings"
	"time"

	"corax/lab/part"
)

// checker replays the records of auth and its verifiers and holds each change against the rule: from the first
// action of Corax on, no key leaves signing, the JWKS or a keystore while a verifier lacks its successor or a
// token that has not run out carries its id.
//
// The successor is the key that signs afterwards. A key that leaves signing and stays in the JWKS still serves the
// tokens that carry its id, so for it only the first half counts. A canary is no token in this sense: it gives no
// right to anybody. After a compromise tokens of the old key are meant to be refused, so for it the second half
// does not count; that it signs again is a violation itself. A rotation that is not hardened is the fault, and is
// not judged.
type checker struct {
	auth      string
	verifiers []string

	name        string // of the invariant that is asked about
	judging     bool
	hardened    bool // the rotation that runs, or ran last, was
	state       map[string]keyState
	signer      string
	expiry      map[string]time.Time // end of the last token, by key
	compromised map[string]bool
	stores      map[string]map[string]bool // keys, by verifier
	found       []Violation
}

// keysKept are the breaches of one of the rules about keys.
func keysKept(name string) func(history) []Violation {
	return func(h history) []Violation {
		c := &checker{name: name, auth: h.auth, verifiers: h.verifiers, state: map[string]keyState{}, expiry: map[string]time.Time{},
			compromised: map[string]bool{}, stores: map[string]map[string]bool{}}
		for _, v := range h.verifiers {
			c.stores[v] = map[string]bool{}
		}
		for _, r := range h.records {
			c.judging = c.judging || r.Actor == credCorax
			if r.Part == h.auth {
				c.atAuth(r)
			} else if store, ok := c.stores[r.Part]; ok {
				hold(store, r)
				c.atVerifier(r)
			}
		}
		return c.found
	}
}

func (c *checker) atAuth(r part.Record) {
	kid := r.Detail["kid"]
	switch r.Event {
	case recToken:
		if c.signer == "" {
			c.signer = kid // the key that signs from the start has no record of its own
			c.state[kid] = signing
		}
		if end, err := time.Parse(time.RFC3339Nano, r.Detail["expires"]); err == nil && end.After(c.expiry[kid]) {
			c.expiry[kid] = end
		}
	case recRotation:
		c.hardened = r.Detail["hardened"] == "yes"
		if r.Detail["reason"] == reasonCompromise {
			c.compromised[r.Detail["previous_kid"]] = true
		}
	case recKeyState:
		from, to := keyState(r.Detail["from"]), keyState(r.Detail["to"])
		c.state[kid] = to
		if to == signing {
			c.signer = kid
			if c.compromised[kid] {
				c.judge(compromiseStays, r, "compromised key %s signs again", kid)
			}
		}
		successor := r.Detail["successor"]
		if from == signing {
			c.needSuccessor(r, fmt.Sprintf("key %s left signing", kid), successor)
		}
		if from.inJWKS() && !to.inJWKS() {
			c.needSuccessor(r, fmt.Sprintf("key %s left the JWKS", kid), successor)
			c.needNoToken(r, fmt.Sprintf("key %s left the JWKS", kid), kid)
		}
	}
}

// hold has a keystore, as a set of key ids, take over what a record of its verifier says.
func hold(store map[string]bool, r part.Record) {
	kid := r.Detail["kid"]
	switch r.Event {
	case recLoaded:
		clear(store)
		for _, k := range strings.Fields(r.Detail["kids"]) {
			store[k] = true
		}
	case recUnreadable:
		clear(store)
	case recAdded:
		store[kid] = true
	case recRemoved:
		delete(store, kid)
	}
}

func (c *checker) atVerifier(r part.Record) {
	if kid := r.Detail["kid"]; r.Event == recRemoved {
		what := fmt.Sprintf("key %s left the keystore of %s", kid, r.Part)
		c.needSuccessor(r, what, c.signer)
		c.needNoToken(r, what, kid)
	}
}

func (c *checker) needSuccessor(r part.Record, what, successor string) {
	var lack []string
	for _, v := range c.verifiers {
		if !c.stores[v][successor] {
			lack = append(lack, v)
		}
	}
	if len(lack) > 0 {
		c.judge(successorFirst, r, "%s while %s lacked key %s, which signs instead", what, strings.Join(lack, ", "), successor)
	}
}

func (c *checker) needNoToken(r part.Record, what, kid string) {
	if end := c.expiry[kid]; end.After(r.At) && !c.compromised[kid] {
		c.judge(tokensServed, r, "%s %s before the last token that carries its id runs out", what, end.Sub(r.At).Round(time.Millisecond))
	}
}

func (c *checker) judge(name string, r part.Record, format string, args ...any) {
	if name == c.name && c.judging && (r.Actor != jobRotation || c.hardened) {
		c.found = append(c.found, breach(r, format, args...))
	}
}
