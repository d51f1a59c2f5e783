package reading

import (
	"strings"
	"testing"
)

// Each want is "system/code/class"; all must be found.
func TestCodes(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"dial tcp: connect: connection refused", []string{"errno/ECONNREFUSED/refused"}},
		{"Error: connect ECONNREFUSED 127.0.0.1:5432", []string{"errno/ECONNREFUSED/refused"}},
		{"connect() failed (111: Connection refused) while connecting to upstream", []string{"errno/111/refused"}},
		{"[Errno 28] No space left on device: '/var'", []string{"errno/28/no_space", "errno/ENOSPC/no_space"}},
		{"os error 24", []string{"errno/24/limit"}},
		{"GET / returned HTTP 503", []string{"http/503/unavailable"}},
		{`"GET /x HTTP/1.1" 502 157`, []string{"http/502/unavailable"}},
		{"status code: 429", []string{"http/429/limit"}},
		{"http_status=504", []string{"http/504/timeout"}},
		{"404 Not Found", []string{"http/404/missing"}},
		{"SQLSTATE 53300", []string{"sqlstate/53300/limit"}},
		{"(SQLSTATE 42P01)", []string{"sqlstate/42P01/missing"}},
		{"SQLSTATE[HY000] [2002] Connection refused", []string{"sqlstate/HY000/unavailable", "mysql/2002/refused"}},
		{"FATAL:  53300: sorry, too many clients already", []string{"sqlstate/53300/limit", "sql/TOO_MANY/limit"}},
		{"ERROR 1045 (28000): Access denied for user 'bob'", []string{"mysql/1045/auth"}},
		{"Msg 1205, Level 13: deadlock victim", []string{"sqlserver/1205/conflict", "sql/DEADLOCK/conflict"}},
		{"Error: 18456, Severity: 14, State: 8.", []string{"sqlserver/18456/auth"}},
		{"ORA-01555: snapshot too old", []string{"oracle/ORA-01555/limit"}},
		{"TNS-12541: no listener", []string{"oracle/TNS-12541/refused"}},
		{"ORA-99999: odd", []string{"oracle/ORA-99999/"}},
		{"rpc error: code = Unavailable desc = x", []string{"grpc/Unavailable/unavailable"}},
		{"context deadline exceeded", []string{"grpc/DEADLINE_EXCEEDED/timeout"}},
		{"StatusCode.UNAVAILABLE", []string{"grpc/UNAVAILABLE/unavailable"}},
		{"remote error: tls: bad certificate", []string{"tls/BAD_CERTIFICATE/tls"}},
		{"x509: certificate has expired or is not yet valid", []string{"tls/CERT_EXPIRED/tls_expired"}},
		{"SSL alert number 45", []string{"tls/45/tls_expired"}},
		{"x509: certificate signed by unknown authority", []string{"tls/UNKNOWN_CA/tls"}},
		{"lookup a.example: NXDOMAIN", []string{"dns/NXDOMAIN/dns"}},
		{"dns query failed, rcode=5", []string{"dns/5/dns"}},
		{"no such host", []string{"errno/ENOTFOUND/dns"}},
		{"Temporary failure in name resolution", []string{"errno/EAI_AGAIN/dns"}},
		{"KRB_AP_ERR_SKEW", []string{"kerberos/KRB_AP_ERR_SKEW/clock"}},
		{"KDC_ERR_S_PRINCIPAL_UNKNOWN for cifs/nas", []string{"kerberos/KDC_ERR_S_PRINCIPAL_UNKNOWN/auth"}},
		{"550 5.1.1 User unknown", []string{"smtp/550/missing", "mail/NO_USER/missing"}},
		{"said: 452 4.2.2 Mailbox full", []string{"smtp/452/no_space", "mail/MAILBOX_FULL/no_space"}},
		{"SIP/2.0 408 Request Timeout", []string{"sip/408/timeout"}},
		{"trunk REGISTER answered 403", []string{"sip/403/permission"}},
		{"LDAP: error code 49", []string{"ldap/49/auth"}},
		{"snmp: usmStatsNotInTimeWindows", []string{"snmp/usmStatsNotInTimeWindows/clock"}},
		{"%PORT_SECURITY-2-PSECURE_VIOLATION: x", []string{"cisco/%PORT_SECURITY-2-PSECURE_VIOLATION/permission"}},
		{"%SYS-5-CONFIG_I: Configured", []string{"cisco/%SYS-5-CONFIG_I/none"}},
		{"%LINK-3-UPDOWN: Interface Gi0/1, changed state to up", []string{"cisco/%LINK-3-UPDOWN/none"}},
		{"%LINK-3-UPDOWN: Interface Gi0/1, changed state to down", []string{"cisco/%LINK-3-UPDOWN/unreachable"}},
		{"Event ID 7031", []string{"event/7031/crash"}},
		{"EventID=4625", []string{"event/4625/auth"}},
		{"Status: 0xC000006D", []string{"hresult/0xC000006D/auth"}},
		{"HRESULT 0x80070005", []string{"hresult/0x80070005/permission"}},
		{"STATUS_ACCOUNT_LOCKED_OUT", []string{"windows/STATUS_ACCOUNT_LOCKED_OUT/auth"}},
		{"java.net.ConnectException: Connection refused", []string{"java/ConnectException/refused"}},
		{"com.acme.PaymentException: odd", []string{"java/PaymentException/"}},
		{"Traceback (most recent call last):\n  File \"a.py\"\nKeyError: 'x'", []string{"python/KeyError/invalid"}},
		{"TypeError: x is not a function\n    at main (/app/a.js:3:1)", []string{"node/TypeError/invalid"}},
		{"panic: runtime error: index out of range [3] with length 2", []string{"jvm/GOROUTINE/crash"}},
		{"main process exited, code=exited, status=203/EXEC", []string{"exit/203/missing"}},
		{"a.service: Failed with result 'oom-kill'.", []string{"systemd/oom-kill/memory"}},
		{"terminated with exit code 137", []string{"exit/137/memory"}},
		{"killed by signal 11", []string{"signal/11/crash"}},
		{"Pod is OOMKilled", []string{"kubernetes/OOMKilled/memory"}},
		{"Evicted", []string{"kubernetes/Evicted/limit"}},
		{"ThrottlingException: Rate exceeded", []string{"aws/ThrottlingException/limit"}},
		{"E11000 duplicate key error", []string{"mongodb/E11000/conflict"}},
		{"READONLY You can't write against a read only replica", []string{"redis/READONLY/read_only"}},
		{"NOT_LEADER_OR_FOLLOWER", []string{"kafka/NOT_LEADER_OR_FOLLOWER/conflict"}},
		{"invoked oom-killer", []string{"kernel/OOM/memory"}},
		{"EXT4-fs error (device sda1)", []string{"kernel/EXT4/corrupt"}},
		{"Verbindung verweigert", []string{"errno/ECONNREFUSED/refused"}},
		{"Connexion refusée", []string{"errno/ECONNREFUSED/refused"}},
		{"No queda espacio en el dispositivo", []string{"errno/ENOSPC/no_space"}},
		{"数据库连接被拒绝", []string{"errno/ECONNREFUSED/refused"}},
		{"デバイスに空き領域がありません", []string{"errno/ENOSPC/no_space"}},
		{"Отказано в доступе", []string{"errno/EACCES/permission"}},
	}
	for _, tt := range tests {
		r := readOne(tt.text)
		got := map[string]bool{}
		for _, c := range r.Codes() {
			got[c.System+"/"+c.Code+"/"+string(c.Class)] = true
		}
		for _, w := range tt.want {
			if !got[w] {
				t.Errorf("%q: want %s, got %v", tt.text, w, r.Codes())
			}
		}
	}
	for _, text := range []string{"", "served 503 requests", "pid 137", "the evicted tenant left", "took 404 ms", "unavailable for lunch", "port 443",
		"99 % of 500 users", "room 404 is free", "% done", "100%-A-1-B"} {
		if r := readOne(text); len(r.Codes()) != 0 {
			t.Errorf("%q: %v", text, r.Codes())
		}
	}
}

func TestExceptionDetail(t *testing.T) {
	r := readOne("java.lang.IllegalStateException: pool is shut down\n\tat a.B(C.java:1)\nCaused by: java.net.ConnectException: Connection refused")
	c := r.Codes()
	if len(c) < 2 || c[0].Detail != "pool is shut down" || c[1].Code != "ConnectException" || c[1].Detail != "Connection refused" {
		t.Errorf("%+v", c)
	}
}

// Every line of the tables can be read, and is of a known class.
func TestTables(t *testing.T) {
	classes := map[ErrorClass]bool{}
	for _, c := range []ErrorClass{NoError, Refused, Timeout, Reset, Unreachable, DNS, TLS, TLSExpired, Auth, Permission, Missing, NoSpace, Memory,
		Limit, Conflict, Corrupt, ReadOnly, Unavailable, Invalid, Config, Clock, Crash, IO} {
		classes[c] = true
	}
	lines := 0
	for _, table := range append(spelled, numbered...) {
		for line := range strings.SplitSeq(table.lines, "\n") {
			if strings.TrimSpace(line) == "" {
				continue
			}
			lines++
			e, _, ok := parse(table.system, line)
			if !ok || e.code == "" || e.meaning == "" || !classes[e.class] {
				t.Errorf("%s: %q", table.system, line)
			}
		}
	}
	t.Log(lines, "codes")
}
