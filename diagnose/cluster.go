package diagnose

import (
	"cmp"
	"math"
	"slices"
)

// How close clusters must be to be one, in what affinity says beyond what is usual.
const (
	enough = 0.75 // in a case of up to fewIncidents
	// chance is how much more is needed the more incidents there are: among many, some are alike by chance.
	chance = 1.0
	// many is from how many on no more is needed.
	many = 100
	// following is how much less will do for an incident that is alone.
	following = 2.0

	// fewIncidents is up to how many incidents a case without a topology may well be one outage: it is, unless two clusters are each tied as
	// only an outage of its own is, or what they say rules it out.
	fewIncidents = 5
	ofItsOwn     = 3.2
	ruledOut     = -0.75

	// allPairs is up to how many incidents every pair is looked at; beyond, those that share something.
	allPairs = 160
)

// cluster groups what is left, where the texts share enough.
func (w *work) cluster(groups []group, left []int) []group {
	if len(left) == 0 {
		return groups
	}
	if len(left) == 1 {
		return append(groups, w.gather(left, []int{0})...)
	}
	left = w.inOrder(left)
	n := w.network(left)
	need := enough + chance*math.Log(float64(min(max(len(left), fewIncidents), many))/fewIncidents)
	n.merge(need)
	n.move(need)
	n.follow(need - following)
	if len(left) <= fewIncidents {
		n.oneOutage()
	}
	return append(groups, w.gather(left, n.label)...)
}

// inOrder sorts incidents by what they say, so that the order in which signals came decides nothing.
func (w *work) inOrder(list []int) []int {
	type key struct {
		entity, text string
		incident     int
	}
	keys := make([]key, len(list))
	for n, i := range list {
		inc := &w.incidents[i]
		keys[n] = key{inc.entity, w.c.Signals[w.told(inc)[0]].Message, i}
	}
	slices.SortStableFunc(keys, func(a, b key) int { return cmp.Or(cmp.Compare(a.entity, b.entity), cmp.Compare(a.text, b.text)) })
	sorted := make([]int, len(list))
	for n, k := range keys {
		sorted[n] = k.incident
	}
	return sorted
}

// network compares incidents. Those about one entity are together from the start, unless they state two causes.
func (w *work) network(list []int) *network {
	t := w.desk.table
	t.clear()
	profiles := make([]profile, len(list))
	for n, i := range list {
		profiles[n] = w.profile(&w.incidents[i], t)
	}
	t.weigh(len(list), w.rare)
	for n := range profiles {
		profiles[n].measure(t)
	}
	net := newNetwork(len(list))
	near := w.desk.focus
	near.use(t)
	eachPair(profiles, func(a, b int) {
		near.put(&profiles[b])
		net.tie(a, b, near.affinity(&profiles[a]))
	})
	near.put(nil)
	net.settle()
	first := map[string]int{}
	for n, i := range list {
		entity := w.incidents[i].entity
		if entity == "" {
			continue
		}
		at, ok := first[entity]
		switch {
		case !ok:
			first[entity] = n
		case !profiles[at].contradicts(&profiles[n]):
			net.label[n] = at
		}
	}
	return net
}

// oneOutage joins what a case of few incidents holds, the closest first, around each cluster that is surely an outage of its own.
func (n *network) oneOutage() {
	average := n.averages()
	var own, rest [][]int
	for _, c := range n.clusters() {
		if average(c, c) >= ofItsOwn {
			own = append(own, c)
		} else {
			rest = append(rest, c)
		}
	}
	if len(own) == 0 {
		own, rest = rest[:1:1], rest[1:]
	}
	for len(rest) > 0 {
		best, from, to := math.Inf(-1), 0, 0
		for r := range rest {
			for o := range own {
				if v := average(own[o], rest[r]); v > best {
					best, from, to = v, r, o
				}
			}
		}
		if best < ruledOut {
			return
		}
		for _, i := range rest[from] {
			n.label[i] = n.label[own[to][0]]
		}
		own[to] = append(own[to], rest[from]...)
		rest = slices.Delete(rest, from, from+1)
	}
}

// eachPair calls with those who may belong together: everyone with everyone in a small case, and those who share something rare in a large one.
// The second of a pair stays the same for as long as possible.
func eachPair(profiles []profile, do func(a, b int)) {
	if len(profiles) <= allPairs {
		for b := range profiles {
			for a := range b {
				do(a, b)
			}
		}
		return
	}
	by := map[int32][]int{}
	with := make([]int, len(profiles)) // the last one, from 1, that each was paired with
	for n := range profiles {
		keys := profiles[n].features
		if b := profiles[n].beliefs; len(b) > 0 {
			keys = append(slices.Clip(keys), -1-int32(b[0].mech))
		}
		for _, f := range keys {
			who := by[f]
			if len(who) >= crowd {
				continue
			}
			by[f] = append(who, n)
			for _, a := range who {
				if with[a] != n+1 {
					with[a] = n + 1
					do(a, n)
				}
			}
		}
	}
}
