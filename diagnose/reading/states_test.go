package reading

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStates(t *testing.T) {
	tests := map[string][]State{
		"link down":                    {{Name: "down", Health: Failing, Span: Span{5, 9}}},
		"the node is NotReady":         {{Name: "not_ready", Health: Failing, Span: Span{12, 20}}},
		"the node is not ready":        {{Name: "not_ready", Health: Failing, Span: Span{16, 21}}},
		"mounted read-only":            {{Name: "read_only", Health: Failing, Span: Span{8, 17}}},
		"Gi0/1 err-disabled":           {{Name: "disabled", Health: Failing, Span: Span{6, 18}}},
		"pool degraded":                {{Name: "degraded", Health: Failing, Span: Span{5, 13}}},
		"no longer down":               {{Name: "down", Health: Healthy, Negated: true, Span: Span{10, 14}}},
		"up to date":                   nil,
		"scaled down to 3":             nil,
		"down-service is ok":           {{Name: "healthy", Health: Healthy, Span: Span{16, 18}}},
		"service hors service":         {{Name: "down", Health: Failing, Span: Span{8, 20}}},
		"Server ist ausgefallen":       {{Name: "down", Health: Failing, Span: Span{11, 22}}},
		"role changed to primary":      {{Name: "active", Health: Neutral, Span: Span{16, 23}}},
		"BGP session 10.0.0.1 is idle": {{Name: "idle", Health: Neutral, Span: Span{24, 28}}},
	}
	for text, want := range tests {
		r := readOne(text)
		if diff := cmp.Diff(want, r.States()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestChanges(t *testing.T) {
	tests := map[string][]Change{
		"Interface Gi1/0/24, changed state to down at 10:04:05": {{To: "down", When: "at 10:04:05", Span: Span{28, 41}}},
		"moved from Running to CrashLoopBackOff 5 minutes ago":  {{From: "Running", To: "CrashLoopBackOff", When: "5 minutes ago", Span: Span{6, 38}}},
		"replicas: 3 -> 1":                  {{From: "3", To: "1", Span: Span{10, 16}}},
		"version v1.2 → v1.3":               {{From: "v1.2", To: "v1.3", Span: Span{8, 21}}},
		"node-1 went NotReady since 09:12":  {{To: "NotReady", When: "since 09:12", Span: Span{7, 20}}},
		"from 'standby' to 'active'":        {{From: "standby", To: "active", Span: Span{0, 25}}},
		"packets from 10.0.0.1 are dropped": nil,
		"":                                  nil,
		"from":                              nil,
		"->":                                nil,
	}
	for text, want := range tests {
		r := readOne(text)
		if diff := cmp.Diff(want, r.Changes()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestTense(t *testing.T) {
	tests := map[string]Tense{
		"disk will be full in 4 hours":               Future,
		"disk is expected to be full in 2 days":      Future,
		"certificate expires in 14 days":             Future,
		"db-1 was down for 3 minutes":                Past,
		"db-1 has recovered":                         Past,
		"db-1 is down":                               Present,
		"connection refused":                         Present,
		"db-1 is down and disk will be full soon":    Present,
		"could not be restored":                      Present,
		"it was slow and is now down, not reachable": Present,
	}
	for text, want := range tests {
		if r := readOne(text); r.Tense() != want {
			t.Errorf("%q is %d, want %d", text, r.Tense(), want)
		}
	}
}

func TestWhen(t *testing.T) {
	tests := map[string]string{
		"down since Monday": "since Monday", "failed at 10:04": "at 10:04", "failed 5 minutes ago": "5 minutes ago",
		"down since 3 hours": "since 3 hours", "expired on 2026-03-30": "on 2026-03-30", "crashed yesterday": "yesterday",
		"restarted on 2026-03-30 02:00:04, again": "on 2026-03-30 02:00:04", "on port 443": "", "": "",
	}
	for text, want := range tests {
		if r := readOne(text); r.When() != want {
			t.Errorf("%q: %q, want %q", text, r.When(), want)
		}
	}
}
