package diagnose

import (
	"math"
	"slices"
)

// network is incidents with the affinities between them; pairs that are not tied have none.
type network struct {
	ties  [][]tied  // of each incident
	usual []float64 // how much each is like the others on the whole: what two share beyond that speaks for them
	label []int     // of each incident, the cluster that it is in: an incident of it
}

// tied is one end of a pair.
type tied struct {
	other int
	v     float64
}

// doubt is how many incidents of which nothing is known each is compared with besides: in a small case the others may all be of one outage,
// and being like them is no reason to discount it.
const doubt = 5

func newNetwork(n int) *network {
	net := &network{ties: make([][]tied, n), usual: make([]float64, n), label: make([]int, n)}
	for i := range net.label {
		net.label[i] = i
	}
	return net
}

func (n *network) tie(a, b int, v float64) {
	n.ties[a], n.ties[b] = append(n.ties[a], tied{b, v}), append(n.ties[b], tied{a, v})
}

// settle works out what is usual, once all are tied.
func (n *network) settle() {
	for i, ties := range n.ties {
		sum := 0.0
		for _, t := range ties {
			sum += t.v
		}
		n.usual[i] = sum / float64(len(n.ties)-1+doubt)
	}
}

// merge joins the closest clusters until none are as close as least: average linkage (Sokal and Michener, 1958). Those that are together
// from the start, by their labels, stay so.
func (n *network) merge(least float64) {
	var l linkage = newSparse(n)
	if len(n.ties) <= allPairs {
		l = newMatrix(n)
	}
	for i, to := range n.label {
		if i != to {
			l.join(to, i)
		}
	}
	into := l.merge(least)
	for i := range n.label {
		for into[n.label[i]] != n.label[i] {
			n.label[i] = into[n.label[i]]
		}
	}
}

// closeness is how close an incident is to a cluster.
type closeness struct {
	cluster int
	v       float64
}

// view is the network while incidents move.
type view struct {
	*network
	size  []int     // of each cluster
	all   []float64 // what is usual for its members, summed
	sums  []float64 // of each cluster, of the ties of one incident; zero in between
	met   []bool    // clusters that it has ties to
	found []closeness
}

func (n *network) view() *view {
	k := len(n.label)
	v := &view{network: n, size: make([]int, k), all: make([]float64, k), sums: make([]float64, k), met: make([]bool, k)}
	for i, c := range n.label {
		v.size[c]++
		v.all[c] += n.usual[i]
	}
	return v
}

// towards lists the clusters that an incident has ties to, in any order, with its average affinity to their members beyond what is usual.
func (n *view) towards(i int) []closeness {
	n.found = n.found[:0]
	for _, t := range n.ties[i] {
		c := n.label[t.other]
		if !n.met[c] {
			n.met[c] = true
			n.found = append(n.found, closeness{cluster: c})
		}
		n.sums[c] += t.v
	}
	list := n.found[:0]
	for _, f := range n.found {
		c := f.cluster
		members, all, sum := n.size[c], n.all[c], n.sums[c]
		n.met[c], n.sums[c] = false, 0
		if c == n.label[i] {
			members, all = members-1, all-n.usual[i]
		}
		if members > 0 {
			list = append(list, closeness{c, (sum-all/2)/float64(members) - n.usual[i]/2})
		}
	}
	return list
}

const (
	rounds  = 5    // of moving; few need more than two
	inertia = 0.01 // how much closer another cluster must be, so that no incident goes back and forth
)

// move gives each incident to the cluster that it is closest to, now that all are known: what was joined early may fit better elsewhere.
// Of clusters that are equally close it is the first.
func (n *network) move(least float64) {
	v := n.view()
	for range rounds {
		moved := false
		for i, from := range n.label {
			best := closeness{-1, least}
			for _, c := range v.towards(i) {
				if c.cluster == from {
					c.v += inertia
				}
				if c.v > best.v || c.v == best.v && c.cluster < best.cluster {
					best = c
				}
			}
			if best.cluster < 0 || best.cluster == from {
				continue
			}
			moved = true
			n.label[i] = best.cluster
			v.size[from], v.size[best.cluster] = v.size[from]-1, v.size[best.cluster]+1
			v.all[from], v.all[best.cluster] = v.all[from]-n.usual[i], v.all[best.cluster]+n.usual[i]
		}
		if !moved {
			return
		}
	}
}

// follow gives those that are alone to the cluster that they are closest to: an outage is seldom told by one message alone. Of clusters that
// are equally close it is the last.
func (n *network) follow(least float64) {
	v := n.view()
	to := slices.Clone(n.label)
	for i, c := range n.label {
		if v.size[c] > 1 {
			continue
		}
		best := closeness{-1, least}
		for _, c := range v.towards(i) {
			if c.v > best.v || c.v == best.v && c.cluster > best.cluster {
				best = c
			}
		}
		if best.cluster >= 0 && v.size[best.cluster] > 1 {
			to[i] = best.cluster
		}
	}
	n.label = to
}

// clusters lists the members of each cluster, in the order of their first.
func (n *network) clusters() (list [][]int) {
	at := make([]int, len(n.label)) // from 1
	for i, c := range n.label {
		if at[c] == 0 {
			list = append(list, nil)
			at[c] = len(list)
		}
		list[at[c]-1] = append(list[at[c]-1], i)
	}
	return list
}

// averages returns what tells the mean affinity between the members of two clusters, or within one; minus infinity within one of one. It looks
// at every pair, and is for small cases.
func (n *network) averages() func(a, b []int) float64 {
	affinity := n.matrix()
	return func(a, b []int) float64 {
		sum, pairs := 0.0, 0
		for _, i := range a {
			for _, j := range b {
				if i != j {
					sum += affinity[i][j]
					pairs++
				}
			}
		}
		if pairs == 0 {
			return math.Inf(-1)
		}
		return sum / float64(pairs)
	}
}

// matrix is the affinities between all pairs, 0 where they have none.
func (n *network) matrix() [][]float64 {
	room := make([]float64, len(n.ties)*len(n.ties))
	rows := make([][]float64, len(n.ties))
	for i, ties := range n.ties {
		rows[i], room = room[:len(rows)], room[len(rows):]
		for _, t := range ties {
			rows[i][t.other] = t.v
		}
	}
	return rows
}
