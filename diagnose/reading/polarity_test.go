package reading

import (
	"testing"

	"corax"
)

func TestPolarity(t *testing.T) {
	tests := map[Polarity][]string{
		Healthy: {
			"no packet loss on any link",
			"0 errors, all checks passed",
			"errors=0 drops=0",
			"0 failed, 212 passed",
			"0 of 7 replicas failed",
			"0/12 checks failed",
			"0.0% packet loss",
			"backup completed without errors",
			"sync finished, no errors found",
			"no new errors since the deploy",
			"no significant packet loss seen",
			"failover test completed successfully",
			"failure simulation passed",
			"error injection test passed",
			"service recovered, requests succeed",
			"link is up again, recovered",
			"db-1 has recovered after 3 failed checks",
			"db-1 was unreachable for 3 minutes, has recovered",
			"RESOLVED: HostDown node-3 unreachable",
			"[RESOLVED] 5xx error rate above 5 %",
			"node-3 is back up",
			"latency is back to normal after the timeout storm",
			"gateway is back online",
			"api reachable again",
			"replication resumed after connection loss",
			"%LINEPROTO-5-UPDOWN: Line protocol on Interface GigabitEthernet0/1, changed state to up",
			"%BGP-5-ADJCHANGE: neighbor 10.0.0.1 Up",
			"alarm cleared, temperature normal",
			"health check passed",
			"cluster is healthy, all nodes ready",
			"certificate renewed successfully",
			"INFO migration completed, 0 rows failed",
			"error=nil status ok",
			`{"level":"info","msg":"job completed","error":null}`,
			"error-service is healthy",
			"/var/log/error.log rotated successfully",
			"the problem has been resolved",
			"the node is no longer failing",
			"NTP synchronized, no clock drift",
			"queue is not too long, all jobs passed",
		},
		Neutral: {
			"",
			"INFO request served in 4ms",
			"user alice opened a ticket",
			"INFO registered error handler for route /pay",
			"DEBUG timeout=30s retries=3",
			"INFO error-service started on port 8080",
			"2026-03-30 02:00:04 INFO ErrorController mapped",
			"03-17 16:14:20.291  2227  2227 I StatusBar: drop shadow set",
			"I0330 02:00:04.123456       1 main.go:42] timeout set to 30s",
			"[notice] child 1998 spawned",
			"session opened for user root",
			"GET /orders HTTP/1.1 200 512",
			"starting version 4.2.1",
			"INFO loaded 12 alert rules",
			"INFO warning threshold set to 80",
			"retry on failure enabled",
			"Event 4624: an account was logged on",
			"%SYS-5-CONFIG_I: Configured from console by admin on vty0",
			"certificate expires in 300 days",
			"INFO queue emails has 3 messages",
			"CPU usage 37 % on db-1",
			"usage 9 of 99 seats",
			"Received block 17 of size 64",
			"reads and writes balanced",
			"FPU exception support enabled, ERR=0",
		},
		Failing: {
			"connection refused",
			"no route to host, host unreachable",
			"upstream answered 502",
			"GET / returned HTTP 503",
			"GET /pay HTTP/1.1 500 23",
			"level=info msg=\"panic: index out of range\"",
			"certificate has expired",
			"no errors before midnight; now crash loop, crashed",
			"backup completed with errors",
			"success rate dropped to 40 %",
			"ready=false",
			"node-1 is not ready",
			"host is not reachable",
			"could not connect to db-1",
			"can't open file",
			"INFO cannot reach the license server",
			"INFO unable to renew lease",
			"INFO job failed: exit code 1",
			"no response from 10.0.0.5",
			"no quorum",
			"0/3 replicas ready",
			"0 of 4 nodes healthy",
			"did not respond within 5 s",
			"the service is not running",
			"recovery failed",
			"failed to be restored",
			"the name could not be resolved",
			"db-1 recovered, then crashed again",
			"ORA-01555: snapshot too old",
			"KRB_AP_ERR_SKEW: Clock skew too great",
			"java.lang.OutOfMemoryError: Java heap space",
			"pod web-0 is in CrashLoopBackOff",
			"ERROR something odd in module 7",
			"<3>kernel: something odd: I/O error",
			"Interface Gi0/1, changed state to down",
			"%PORT_SECURITY-2-PSECURE_VIOLATION: violation on port Gi1/0/9",
			"no space left on device",
			"packet loss 12 %",
			"errors: 17",
			"1.0 errors per second",
			"failed 0.5 % of requests",
			"error code 0x80070005",
			"the Print Spooler service terminated unexpectedly",
			"Verbindung verweigert: 10.0.0.5:443",
			"Connexion refusée par 192.168.1.5",
			"No hay ruta hasta el host 10.1.1.1",
			"连接被拒绝 10.0.0.5:3306",
			"接続が拒否されました",
			"В соединении отказано",
			"certificate expires in 3 days",
			"xe-1/0/0 flaps 14 times",
			"too many messages in the queue",
			"disk space is running low",
			"p99 latency above the threshold",
			"query failed with err=-12785",
			"name did not resolve",
			"healthy targets 0/3",
			"CPU usage 97 % on db-1",
			"memory used 99.5%",
			"no free leases in the pool",
		},
	}
	for want, messages := range tests {
		for _, m := range messages {
			if r := readOne(m); r.Polarity(0) != want {
				t.Errorf("%q reads as %d, want %d", m, r.Polarity(0), want)
			}
		}
	}
	for kind, want := range map[corax.SignalKind]Polarity{corax.Recovery: Healthy, corax.Expiry: Healthy, corax.Symptom: Failing} {
		r := readSignal(&corax.Signal{Message: "connection refused", Kind: kind})
		if r.Polarity(0) != want {
			t.Errorf("a %s reads as %d, want %d", kind, r.Polarity(0), want)
		}
	}
}

func TestLevel(t *testing.T) {
	tests := map[string]Level{
		"INFO started": Info, "[info] x": Info, "level=warn msg=x": Warning, `{"level":"error","msg":"x"}`: Error,
		"2026-03-30T02:00:04Z DEBUG x":                          Debug,
		"E0330 02:00:04.123456       1 main.go:42] x":           Error,
		"03-17 16:13:38.811  1702  2395 D WindowManager: x":     Debug,
		"[Sun Dec 04 20:32:37 2005] [notice] x":                 Notice,
		"FATAL: x":                                              Fatal,
		"warning: x":                                            Warning,
		"the info page is down":                                 NoLevel,
		"error-service is up":                                   NoLevel,
		"ERROR_LOG rotated":                                     NoLevel,
		"something happened with an error in the end of a line": NoLevel,
		"": NoLevel,
	}
	for m, want := range tests {
		if r := readOne(m); r.Level() != want {
			t.Errorf("%q is of level %d, want %d", m, r.Level(), want)
		}
	}
}

func TestNegated(t *testing.T) {
	tests := []struct {
		text, word string
		want       bool
	}{
		{"no packet loss", "loss", true},
		{"without any data loss", "loss", true},
		{"not reachable", "reachable", true},
		{"isn't reachable", "reachable", true},
		{"it is not a test. service down", "down", false},
		{"no response from failed node", "failed", false},
		{"0 errors", "errors", true},
		{"10 errors", "errors", false},
		{"1.0 errors", "errors", false},
		{"0.00 % errors", "errors", true},
		{"10.0.0.0 errors", "errors", false},
		{"not now, it failed", "failed", false},
	}
	for _, tt := range tests {
		r := readOne(tt.text)
		for i, token := range r.Tokens {
			if token.Text == tt.word && r.Negated(i) != tt.want {
				t.Errorf("%q: %s negated %v, want %v", tt.text, tt.word, r.Negated(i), tt.want)
			}
		}
	}
	if r := readOne("no"); r.Negated(-1) || r.Negated(7) {
		t.Error("a token that is not there is not negated")
	}
}
