package jwt

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// naming is how a lab calls things. Seed 0 gives the plain names; every other seed some of its own.
type naming struct {
	Lab      string            `json:"lab"`
	Parts    map[string]string `json:"parts"`   // by role
	Paths    map[string]string `json:"paths"`   // by role of the service
	Login    string            `json:"login"`   // path at auth
	Session  string            `json:"session"` // path at every service: who am I
	KeyPath  string            `json:"key_path"`
	KeyStyle int               `json:"key_style"`
	Wording  int               `json:"wording"` // see phrases.go
}

var synonyms = map[string][]string{
	roleAuth:       {"identity", "sso", "login", "passport", "token-issuer"},
	roleTraffic:    {"clients", "shoppers", "visitors", "frontend"},
	"user":         {"accounts", "members", "profiles", "customers"},
	"order":        {"checkout", "purchases", "basket", "sales"},
	"payment":      {"billing", "charges", "cashier", "invoicing"},
	"inventory":    {"stock", "warehouse", "catalogue", "supply"},
	"shipping":     {"delivery", "fulfilment", "dispatch", "parcels"},
	"notification": {"mailer", "messages", "courier", "postbox"},
	"analytics":    {"insights", "reports", "metrics-hub", "trends"},
}

var plainPaths = map[string]string{
	"user": "/profile", "order": "/orders", "payment": "/payments", "inventory": "/items", "shipping": "/shipments",
	"notification": "/messages", "analytics": "/reports",
}

const keyStyles = 4

func newNaming(seed int64) naming {
	n := naming{Lab: "jwt", Parts: map[string]string{}, Paths: map[string]string{}, Login: "/login", Session: "/session",
		KeyPath: "/keys"}
	roles := []string{roleAuth, roleTraffic}
	for _, v := range verifiers {
		roles = append(roles, v.role)
	}
	if seed == 0 {
		for _, role := range roles {
			n.Parts[role] = role
			n.Paths[role] = "/api" + plainPaths[role]
		}
		return n
	}
	r := seeded(seed, "naming")
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	style := pick("%s", "%s-svc", "%s-service", "svc-%s", "%s-api", "acme-%s")
	prefix := pick("/v1", "/v2", "/api/v3", "/rest", "/internal")
	for _, role := range roles {
		word := pick(synonyms[role]...)
		n.Parts[role] = fmt.Sprintf(style, word)
		n.Paths[role] = prefix + "/" + pick(word, strings.TrimPrefix(plainPaths[role], "/"), word+"/list")
	}
	n.Login = pick("/oauth/token", "/v2/signin", "/authenticate", "/sessions", "/token")
	n.Session = prefix + pick("/whoami", "/me", "/self", "/introspect")
	n.KeyPath = pick("/trusted-keys", "/hooks/signing-keys", "/_keys", "/key-updates")
	n.KeyStyle = r.IntN(keyStyles)
	n.Wording = r.IntN(wordings)
	return n
}

// keyID names the n-th key of a lab, made at a time.
func (n naming) keyID(seed int64, count int, at time.Time) string {
	r := seeded(seed, fmt.Sprintf("key %d", count))
	switch n.KeyStyle {
	case 1:
		return fmt.Sprintf("%08x%04x", r.Uint32(), count)
	case 2:
		return fmt.Sprintf("sig-%04d", 40+count)
	case 3:
		return fmt.Sprintf("%s.rs256.%03x", at.Format("2006W02"), (count<<4|r.IntN(16))&0xfff)
	}
	if count <= 2 { // the first is months old
		return "key-" + at.Format(time.DateOnly)
	}
	return fmt.Sprintf("key-%s-%d", at.Format(time.DateOnly), count)
}

// seeded is a stream of random numbers of its own for each purpose, so that a new purpose does not shift the others.
func seeded(seed int64, purpose string) *rand.Rand {
	var h uint64 = 14695981039346656037
	for _, c := range []byte(purpose) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return rand.New(rand.NewPCG(uint64(seed), h)) //nolint:gosec // repeatable on purpose, guards nothing
}
