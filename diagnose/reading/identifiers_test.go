package reading

import (
	"slices"
	"strings"
	"testing"
)

// Each line: kind=value pairs that must be found, in this order among their kind; "kind=" says that none may be.
func TestIdentifiers(t *testing.T) {
	tests := []struct {
		text string
		want string
	}{
		{"connect to 10.0.0.5:5432 failed", "address=10.0.0.5 port=5432 host= interface="},
		{"dial tcp [2001:db8::1]:443: i/o timeout", "address=2001:db8::1 port=443"},
		{"neighbor fe80::1 is down", "address=fe80::1"},
		{"src: /10.251.31.5:50010 dest: /10.251.31.6:50011", "address=10.251.31.5 port=50010 address=10.251.31.6 port=50011 path="},
		{"route 10.0.0.0/8 withdrawn", "address=10.0.0.0 size="},
		{"listening on port 8080", "port=8080"},
		{"dport=443 blocked", "port=443"},
		{"closed tcp/8443", "port=8443"},
		{"port 99999 is not one", "port="},
		{"Gi1/0/24 err-disabled", "interface=Gi1/0/24 code=err-disabled"},
		{"GigabitEthernet0/1 and TenGigabitEthernet1/1/1 down", "interface=GigabitEthernet0/1 interface=TenGigabitEthernet1/1/1"},
		{"ge-0/0/3.0, xe-1/0/0, ae0 and irb.10 flap", "interface=ge-0/0/3.0 interface=xe-1/0/0 interface=ae0 interface=irb.10"},
		{"eth0, ens192, enp3s0f1, bond0, vmnic1", "interface=eth0 interface=ens192 interface=enp3s0f1 interface=bond0 interface=vmnic1"},
		{"port12, wan1 and ssl.root0 down", "interface=port12 interface=wan1"},
		{"Po1 and Port-channel12 down", "interface=Po1 interface=Port-channel12"},
		{"VLAN 10 and vlan-id 20, Vlan30", "vlan=10 vlan=20 vlan=30 interface=Vlan30"},
		{"MAC aabb.cc00.1234, aa:bb:cc:dd:ee:ff, AA-BB-CC-DD-EE-FF", "mac=aabb.cc00.1234 mac=aa:bb:cc:dd:ee:ff mac=AA-BB-CC-DD-EE-FF"},
		{"AS65001 and AS 65002, remote-as 65003", "asn=65001 asn=65002 asn=65003"},
		{"host db-1 unreachable, web-03 too", "host=db-1 host=web-03"},
		{"upstream db-1:5432 timed out", "host=db-1 port=5432"},
		{"lookup api.example.com: no such host", "domain=api.example.com host=api.example.com"},
		{"zone example.com expired", "domain=example.com host="},
		{"main.go:42 and java.net.ConnectException and settings.py", "domain= host= port="},
		{"GET https://api.example.com:8443/v1/pay?token=s3cret&x=1 -> 502", "url=https://api.example.com:8443/v1/pay port=8443"},
		{"amqp://bob:secret@mq.example.com:5671/prod", "url= host=mq.example.com port=5671"},
		{"/dev/sda1 is full on /var", "device=/dev/sda1 path=/var"},
		{"open '/var/log/app.log': permission denied", "path=/var/log/app.log"},
		{`cannot open C:\data\db.mdf and \\nas\share\x`, `path=C:\data\db.mdf device=C: path=\\nas\share\x`},
		{"GET /orders 404", "path="},
		{"nvme0n1, sdb and dm-3 report errors, naa.600508b1001c", "device=nvme0n1 device=sdb device=dm-3 device=naa.600508b1001c"},
		{"disk C: has 1 % left", "device=C: percent=1%"},
		{"Failed password for root from 10.9.8.7 port 22 ssh2", "user=root address=10.9.8.7 port=22"},
		{"user=bob account 'eve' username: mallory", "user=bob user=eve user=mallory"},
		{`login of CORP\alice and bob@example.com`, `user=CORP\alice user=bob@example.com domain=example.com`},
		{"the user is locked, user opened a ticket", "user="},
		{"sshd[1234]: closed", "process=sshd pid=1234"},
		{"Killed process 4711 (java), pid 12", "pid=4711 process=java pid=12"},
		{"w3wp.exe crashed", "process=w3wp.exe"},
		{"nginx.service: Failed", "unit=nginx.service"},
		{"The Print Spooler service terminated", "unit=Print Spooler"},
		{"pod web-7d9f8c6b5d-x2x4q in namespace prod", "pod=web-7d9f8c6b5d-x2x4q namespace=prod"},
		{"pod default/web-0 evicted", "namespace=default pod=web-0"},
		{"pod/api-0 and ns/kube-system", "pod=api-0 namespace=kube-system"},
		{"instance i-0abc1234def567890 in subnet-0a1b2c3d", "instance=i-0abc1234def567890 resource=subnet-0a1b2c3d"},
		{`database "orders" does not exist`, "database=orders"},
		{"relation \"public.users\" is locked, index=idx_users", "table=public.users table=idx_users"},
		{"topic orders-events and queue 'mails'", "queue=orders-events queue=mails"},
		{"arn:aws:lambda:eu-west-1:123456789012:function:pay throttled", "resource=arn:aws:lambda:eu-west-1:123456789012:function:pay"},
		{"/subscriptions/1a2b/resourceGroups/rg/providers/x denied", "resource=/subscriptions/1a2b/resourceGroups/rg/providers/x path="},
		{"s3://logs-bucket/a denied", "resource=s3://logs-bucket/a"},
		{"FATAL: 53300: too many clients (SQLSTATE 53300)", "code=SQLSTATE 53300"},
		{"event id 1202, ORA-01555, HTTP 503", "code=event id 1202 code=ORA-01555 code=HTTP 503"},
		{"98 % full, 4 of 7 down", "percent=98% share=4 of 7"},
		{"47 connections and 1,200 messages in 4 hours, 512MB", "count=47 count=1200 duration=4 hours size=512MB"},
		{"expired on 2026-03-30 02:00:04 and 2026-03-31T02:00:00Z", "date=2026-03-30 02:00:04 date=2026-03-31T02:00:00Z"},
		{"2026-03-30T02:00:04Z x failed", "date="},
		{"level=error ts=2026-03-30T02:00:04Z x", "date="},
		{"C: is full on FILESRV01, 12 VMs affected", "host=FILESRV01 count=12"},
		{"version 7.4.2, v1.2.3-rc1, release 12", "version=7.4.2 version=v1.2.3-rc1 version=12"},
		{"数据库 db-1:3306 连接被拒绝", "host=db-1 port=3306"},
		{"データベース db-2 が停止しました port443", "host=db-2 port=443"},
		{"user='$(reboot)' host=$(id) db=;drop", "user= host= database="},
		{"host=-oProxyCommand", "host="},
	}
	for _, tt := range tests {
		r := readOne(tt.text)
		var want []string
		kinds := map[string]bool{}
		for _, w := range splitPairs(tt.want) {
			kind, value, _ := strings.Cut(w, "=")
			kinds[kind] = true
			if value != "" {
				want = append(want, w)
			}
		}
		got := map[string][]string{}
		for _, id := range r.Identifiers() {
			got[string(id.Kind)] = append(got[string(id.Kind)], id.Value)
		}
		for kind := range kinds {
			var of []string
			for _, w := range want {
				if k, v, _ := strings.Cut(w, "="); k == kind {
					of = append(of, v)
				}
			}
			if !slices.Equal(of, got[kind]) {
				t.Errorf("%q: %s is %q, want %q", tt.text, kind, got[kind], of)
			}
		}
	}
}

// splitPairs cuts "a=b c=d e" into "a=b" and "c=d e".
func splitPairs(s string) []string {
	var all []string
	for _, f := range strings.Fields(s) {
		if strings.Contains(f, "=") {
			all = append(all, f)
		} else {
			all[len(all)-1] += " " + f
		}
	}
	return all
}

func TestQuantities(t *testing.T) {
	tests := []struct {
		text  string
		value float64
		unit  Measure
	}{
		{"took 250ms", 0.25, Seconds}, {"for 4 hours", 14400, Seconds}, {"up 2h30m", 9000, Seconds}, {"wait 5m", 300, Seconds},
		{"1,234 ms", 1.234, Seconds}, {"in 14 days", 1209600, Seconds}, {"1.5 GB/s", 1.5e9, BytesRate}, {"512MiB", 512 << 20, Bytes},
		{"12GB left", 12e9, Bytes}, {"10 Mbps", 1e7, BitsRate}, {"100 Mb/s", 1e8, BitsRate}, {"-28 dBm", -28, DBm}, {"85°C", 85, Celsius},
		{"85 °C", 85, Celsius}, {"98 %", 98, Percentage}, {"98.5%", 98.5, Percentage}, {"7 percent", 7, Percentage}, {"3.2 GHz", 3.2e9, Hertz},
		{"12 V", 12, Volts}, {"350 qps", 350, PerSecond}, {"4200 rpm", 4200, TurnRate}, {"47 connections", 47, Number}, {"8G heap", 8e9, Bytes},
		{"3 Stunden", 10800, Seconds}, {"200 µs", 2e-4, Seconds},
	}
	for _, tt := range tests {
		r := readOne(tt.text)
		q := r.Quantities()
		if len(q) != 1 || q[0].Unit != tt.unit || !near(q[0].Value, tt.value) {
			t.Errorf("%q: %+v, want %g %s", tt.text, q, tt.value, tt.unit)
		}
	}
	for _, text := range []string{"10.0.0.1", "2026-03-30", "02:00:04", "Gi1/0/24", "v1.2.3", "port 443", "sda1", "0x1f", "db-1", "status 503", ""} {
		if r := readOne(text); len(r.Quantities()) != 0 {
			t.Errorf("%q: %+v", text, r.Quantities())
		}
	}
}

func near(a, b float64) bool { return a == b || (a-b)/b < 1e-9 && (b-a)/b < 1e-9 }

func TestSafe(t *testing.T) {
	for v, want := range map[string]bool{"": false, "db-1": true, "Print Spooler": true, "-rf": false, "-28": true, "a -f": false, "~": false, "a;b": false,
		"$(id)": false, "a\nb": false, "98%": true, `C:\data`: true, "a&b": false, strings.Repeat("x", 200): false, "é": false} {
		if Safe(v) != want {
			t.Errorf("%q: %v, want %v", v, Safe(v), want)
		}
	}
	r := readOne("The Foo --force service terminated")
	if v := r.Identifier(Unit); v != "" {
		t.Errorf("%q is taken for a service", v)
	}
}
