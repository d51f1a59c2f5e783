package diagnose

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"corax"
)

func texts(messages ...string) corax.Case {
	var c corax.Case
	for _, m := range messages {
		c.Signals = append(c.Signals, corax.Signal{Message: m})
	}
	return c
}

// partition tells which messages are of one problem, whatever their numbers are; quiet ones are named apart.
func partition(c corax.Case, r corax.Report) string {
	text := func(signals []int) string {
		var list []string
		for _, s := range signals {
			list = append(list, c.Signals[s].Message)
		}
		slices.Sort(list)
		return strings.Join(list, "\n  ")
	}
	var parts []string
	for _, p := range r.Problems {
		parts = append(parts, "problem\n  "+text(p.Signals))
	}
	slices.Sort(parts)
	return strings.Join(append(parts, "quiet\n  "+text(r.Quiet)), "\n")
}

// The order in which signals come decides nothing: not for a handful, and not for a storm of many outages.
func TestOrderOfSignals(t *testing.T) {
	f, err := os.Open("../bench/scenarios/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases [][]string
	in := bufio.NewScanner(f)
	for in.Scan() {
		var c struct {
			Split   string
			Signals []string
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Split == "dev" && len(c.Signals) > 1 {
			cases = append(cases, c.Signals)
		}
	}
	e := engine(t)
	rng := rand.New(rand.NewPCG(5, 6))
	for _, k := range []int{1, 2, 5, 10, 40} { // the last one has more incidents than are compared each with each
		for n := range 2 {
			t.Run(fmt.Sprintf("%d cases/%d", k, n), func(t *testing.T) {
				var c corax.Case
				for _, at := range rng.Perm(len(cases))[:k] {
					c.Signals = append(c.Signals, texts(cases[at]...).Signals...)
				}
				want := partition(c, e.Diagnose(c))
				for range 5 {
					c.Signals = shuffled(rng, c.Signals)
					if got := partition(c, e.Diagnose(c)); got != want {
						t.Fatalf("another order, another partition:\n%s\nwant\n%s", got, want)
					}
				}
			})
		}
	}
}

func TestTexts(t *testing.T) {
	for _, tc := range []struct {
		name  string
		given []string
		want  int // problems
		quiet int
	}{
		{"no word in common, one topic", []string{
			"ns1: zone transfer refused, secondary zone expired",
			"intranet: server not found, NXDOMAIN",
		}, 1, 0},
		{"a cause, and users who tell of it", []string{
			"billing-db: FATAL: remaining connection slots are reserved",
			"billing-api: HikariPool-1 - Connection is not available, request timed out",
			"accountants: invoices cannot be opened",
		}, 1, 0},
		{"two causes that have nothing to do with each other", []string{
			"nas-7: RAID array degraded, disk 4 failed",
			"CN=www.example.com: certificate has expired",
		}, 2, 0},
		{"two outages of two messages each", []string{
			"ldap-3: certificate of ldaps expired yesterday, x509: certificate has expired",
			"wiki: LDAPS bind failed, certificate has expired on ldap-3",
			"edge-sw-4: %SPANTREE-2-LOOPGUARD_BLOCK: spanning-tree loop on Gi0/7",
			"edge-sw-4 Gi0/7: topology change, broadcast storm, spanning-tree reconverging",
		}, 2, 0},
		{"what is well raises nothing by itself", []string{
			"pay-db: ERROR deadlock detected, transaction aborted",
			"pay-db: too many connections, remaining slots are reserved",
			"backup job weekly: completed successfully",
		}, 1, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := texts(tc.given...)
			r := engine(t).Diagnose(c)
			whole(t, c, r)
			if len(r.Problems) != tc.want || len(r.Quiet) != tc.quiet {
				t.Errorf("%d problems, %d quiet; want %d, %d:\n%s", len(r.Problems), len(r.Quiet), tc.want, tc.quiet, partition(c, r))
			}
		})
	}
}

// network of ties that are written down, as "a b affinity".
func networkOf(n int, ties ...[3]float64) *network {
	net := newNetwork(n)
	for _, t := range ties {
		net.tie(int(t[0]), int(t[1]), t[2])
	}
	net.settle()
	return net
}

func TestNetwork(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(n *network)
		net  *network
		want [][]int
	}{
		{"the closest are one", func(n *network) { n.merge(1) },
			networkOf(4, [3]float64{0, 1, 5}, [3]float64{2, 3, 5}, [3]float64{1, 2, 1}), [][]int{{0, 1}, {2, 3}}},
		{"alike, but no more than all are", func(n *network) { n.merge(1) },
			networkOf(3, [3]float64{0, 1, 1}, [3]float64{0, 2, 1}, [3]float64{1, 2, 1}), [][]int{{0}, {1}, {2}}},
		{"who is alone follows", func(n *network) { n.merge(2); n.follow(0) },
			networkOf(4, [3]float64{0, 1, 5}, [3]float64{2, 1, 2}, [3]float64{2, 0, 2}), [][]int{{0, 1, 2}, {3}}},
		{"who fits better elsewhere moves", func(n *network) { n.label = []int{0, 0, 0, 3, 3}; n.move(0) },
			networkOf(5, [3]float64{0, 1, 5}, [3]float64{3, 4, 5}, [3]float64{2, 3, 4}, [3]float64{2, 4, 4}), [][]int{{0, 1}, {2, 3, 4}}},
		{"few are one outage", func(n *network) { n.oneOutage() },
			networkOf(3, [3]float64{0, 1, 0.1}), [][]int{{0, 1, 2}}},
		{"unless two are tied as outages of their own", func(n *network) { n.merge(1); n.oneOutage() },
			networkOf(5, [3]float64{0, 1, 5}, [3]float64{2, 3, 5}, [3]float64{3, 4, 0.5}), [][]int{{0, 1}, {2, 3, 4}}},
		{"or it is ruled out", func(n *network) { n.oneOutage() },
			networkOf(2, [3]float64{0, 1, -1}), [][]int{{0}, {1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.do(tc.net)
			if got := tc.net.clusters(); fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// Both ways to link give the same clusters, also where many pairs are equally close and some are together from the start.
func TestLinkages(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		net := newNetwork(2 + rng.IntN(40))
		levels := 1 + rng.IntN(30)
		for b := range net.label {
			for a := range b {
				net.tie(a, b, float64(rng.IntN(levels))/4-1)
			}
		}
		net.settle()
		few, many := newMatrix(net), newSparse(net)
		if rng.IntN(2) == 0 {
			few.join(0, 1)
			many.join(0, 1)
		}
		if got, want := few.merge(0.5), many.merge(0.5); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v of %v", got, want, net.ties)
		}
	}
}
