package sample

import (
	"fmt"

	"corax"
)

var people = []string{"ann", "bob", "chen", "dilek", "emeka", "freya", "goran", "hana", "igor", "jun"}

// phrase is something that systems say. In its text %e is the entity, %d another one, %n a number, %p a share, %i an address, %x an
// identifier, %u a person and %v a version.
type phrase struct {
	kind     corax.SignalKind
	severity corax.Severity
	source   string
	text     string
}

var phrases = []phrase{
	{corax.Note, 0, "log", "request %x of %u served in %n ms"},
	{corax.Note, 0, "log", "connection pool: %n of 5000 connections in use, %n waiting"},
	{corax.Note, corax.Low, "log", "slow query took %n ms: SELECT * FROM orders WHERE customer = %n"},
	{corax.Note, 0, "log", "cache refilled with %n entries in %n ms"},
	{corax.Symptom, corax.Medium, "log", "upstream %d answered 503 after %n ms, retry %n"},
	{corax.Note, 0, "log", "session %x of user %u renewed"},
	{corax.Note, corax.Low, "log", "garbage collection paused %n ms"},
	{corax.Symptom, corax.High, "log", "dial tcp %i:5432: connect: connection refused"},
	{corax.Recovery, 0, "monitor", "%e answers again within %n ms"},
	{corax.Symptom, corax.Medium, "alertmanager", "disk usage of %e is at %p percent"},
	{corax.Note, 0, "syslog", "sshd[%n]: Accepted publickey for %u from %i port %n"},
	{corax.Symptom, corax.High, "monitor", "%e: status 502, expected 200, after %n ms"},
	{corax.Note, corax.Low, "log", "token of %u expires in %n s"},
	{corax.Symptom, corax.Low, "alertmanager", "memory of %e is at %p percent"},
	{corax.Note, 0, "syslog", "systemd[1]: Started session %n of user %u"},
	{corax.Symptom, corax.High, "log", "login of user %u failed: signature of key %x could not be verified"},
	{corax.Note, 0, "log", "message %x consumed from partition %n, lag %n"},
	{corax.Recovery, 0, "alertmanager", "disk usage of %e is back below its limit"},
	{corax.Symptom, corax.Critical, "alertmanager", "replication of %e is %n s behind"},
	{corax.ChangeOf, 0, "deploy", "%e was deployed in version %v by %u"},
	{corax.Note, 0, "log", "certificate of %e is valid for %n more days"},
	{corax.ChangeOf, 0, "config", "%u changed limits.connections of %e from %n to %n"},
	{corax.Symptom, corax.Medium, "log", "deadline exceeded while calling %d: %n ms"},
	{corax.ChangeOf, 0, "rotation", "signing key of %e was rotated to %x"},
}

// outage is a way in which a root takes others with it.
type outage struct {
	pattern, mechanism string
	summary            string // of the root
	root, dependent    string // what is said of each
	severity           corax.Severity
	action             string
}

var outages = []outage{
	{"CONNECTION_POOL_EXHAUSTED", "connection_leak", "%e ran out of connections", "remaining connection slots are reserved, %n sessions",
		"timeout acquiring a connection to %d after %n ms", corax.High, "restart"},
	{corax.Unknown, "key_used_before_distributed", "%e signs with a key that its verifiers do not have yet", "key %x activated",
		"login of %u failed: unknown key %x", corax.Critical, "distribute_key"},
	{"DISK_FULL", "log_growth", "the disk of %e is full", "write error: no space left on device, %p percent used",
		"write to %d failed: no space left on device", corax.High, "rotate_logs"},
	{"DNS_FAILURE", "wrong_record", "names of %e resolve to the wrong address", "zone reloaded with serial %n",
		"lookup %d: no such host", corax.Critical, "restore_zone"},
	{"CERTIFICATE_EXPIRED", "renewal_failed", "the certificate of %e has expired", "renewal failed: challenge %x was refused",
		"tls: certificate of %d has expired", corax.High, "renew_certificate"},
	{"BAD_DEPLOY", "regression", "a new version of %e fails", "panic: index out of range [%n] in version %v",
		"upstream %d answered 500 after %n ms", corax.High, "roll_back"},
	{"MEMORY_LEAK", "unbounded_cache", "%e is killed for want of memory again and again", "container killed: out of memory at %n MB",
		"connection to %d reset by peer", corax.Medium, "restart"},
	{corax.Unknown, "clock_skew", "the clock of %e is off", "clock is %n ms ahead of its peers",
		"token of %u is not valid yet", corax.Medium, "sync_clock"},
}

// Topology is the graph that a sample is about: 12 services in three layers, on hosts, with databases, in two zones.
func Topology() corax.Topology {
	var t corax.Topology
	entity := func(id, kind, team, zone string) {
		t.Entities = append(t.Entities, corax.Entity{ID: id, Kind: kind, Labels: map[string]string{"team": team, "zone": zone}})
	}
	edge := func(from, to string, kind corax.EdgeKind) {
		t.Edges = append(t.Edges, corax.Edge{From: from, To: to, Kind: kind})
	}
	layers := [][]string{
		{"web-shop", "mobile-api", "partner-api", "admin-ui"},
		{"checkout", "catalogue", "accounts", "search", "notices"},
		{"auth", "payments", "stock"},
	}
	teams := []string{"front", "core", "base"}
	for n, layer := range layers {
		for i, id := range layer {
			zone := []string{"north", "south"}[i%2]
			entity(id, "service", teams[n], zone)
			host := fmt.Sprintf("%s-%d", zone, 1+(i+n)%6)
			edge(id, host, corax.RunsOn)
			if n+1 < len(layers) {
				for k, to := range layers[n+1] {
					if (i+k)%2 == 0 {
						edge(id, to, corax.DependsOn)
					}
				}
			}
		}
	}
	for i, id := range []string{"orders-db", "users-db", "stock-db", "events-queue", "session-cache"} {
		entity(id, "database", "data", []string{"north", "south"}[i%2])
		edge(layers[2][i%3], id, corax.DependsOn)
		edge(layers[1][i], id, corax.DependsOn)
	}
	for _, zone := range []string{"north", "south"} {
		for i := range 6 {
			id := fmt.Sprintf("%s-%d", zone, i+1)
			entity(id, "host", "base", zone)
			edge(id, zone+"-switch", corax.ConnectsTo)
		}
		entity(zone+"-switch", "switch", "net", zone)
	}
	return t
}
