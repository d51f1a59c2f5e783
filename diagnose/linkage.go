package diagnose

import (
	"container/heap"
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
	l := newLinkage(n)
	for i, to := range n.label {
		if i != to {
			l.join(to, i)
		}
	}
	l.merge(least)
	for i := range n.label {
		for l.into[n.label[i]] != n.label[i] {
			n.label[i] = l.into[n.label[i]]
		}
	}
}

// closeness is how close an incident is to one of the clusters that it has ties to.
type closeness struct {
	cluster int
	v       float64
}

// towards lists the clusters that an incident has ties to, ascending, with its average affinity to their members beyond what is usual.
func (n *network) towards(i int, size []int, usual []float64, sums map[int]float64) []closeness {
	clear(sums)
	for _, t := range n.ties[i] {
		sums[n.label[t.other]] += t.v
	}
	list := make([]closeness, 0, len(sums))
	for c, sum := range sums {
		members, all := size[c], usual[c]
		if c == n.label[i] {
			members, all = members-1, all-n.usual[i]
		}
		if members > 0 {
			list = append(list, closeness{c, (sum - all/2) / float64(members)})
		}
	}
	slices.SortFunc(list, func(a, b closeness) int { return a.cluster - b.cluster })
	for k := range list {
		list[k].v -= n.usual[i] / 2
	}
	return list
}

// sizes counts the members of each cluster, and sums what is usual for them.
func (n *network) sizes() (size []int, usual []float64) {
	size, usual = make([]int, len(n.label)), make([]float64, len(n.label))
	for i, c := range n.label {
		size[c]++
		usual[c] += n.usual[i]
	}
	return size, usual
}

const (
	rounds  = 5    // of moving; few need more than two
	inertia = 0.01 // how much closer another cluster must be, so that no incident goes back and forth
)

// move gives each incident to the cluster that it is closest to, now that all are known: what was joined early may fit better elsewhere.
func (n *network) move(least float64) {
	size, usual := n.sizes()
	sums := map[int]float64{}
	for range rounds {
		moved := false
		for i, from := range n.label {
			best := closeness{-1, least}
			for _, c := range n.towards(i, size, usual, sums) {
				if c.cluster == from {
					c.v += inertia
				}
				if c.v > best.v {
					best = c
				}
			}
			if best.cluster < 0 || best.cluster == from {
				continue
			}
			moved = true
			n.label[i] = best.cluster
			size[from], size[best.cluster] = size[from]-1, size[best.cluster]+1
			usual[from], usual[best.cluster] = usual[from]-n.usual[i], usual[best.cluster]+n.usual[i]
		}
		if !moved {
			return
		}
	}
}

// follow gives those that are alone to the cluster that they are closest to: an outage is seldom told by one message alone.
func (n *network) follow(least float64) {
	size, usual := n.sizes()
	sums := map[int]float64{}
	to := slices.Clone(n.label)
	for i, c := range n.label {
		if size[c] > 1 {
			continue
		}
		best := closeness{-1, least}
		for _, c := range n.towards(i, size, usual, sums) {
			if c.v >= best.v {
				best = c
			}
		}
		if best.cluster >= 0 && size[best.cluster] > 1 {
			to[i] = best.cluster
		}
	}
	n.label = to
}

// clusters lists the members of each cluster, in the order of their first.
func (n *network) clusters() (list [][]int) {
	at := map[int]int{}
	for i, c := range n.label {
		k, ok := at[c]
		if !ok {
			k = len(list)
			at[c] = k
			list = append(list, nil)
		}
		list[k] = append(list[k], i)
	}
	return list
}

// averages returns what tells the mean affinity between the members of two clusters, or within one; minus infinity within one of one. It looks
// at every pair, and is for small cases.
func (n *network) averages() func(a, b []int) float64 {
	affinity := map[[2]int]float64{}
	for i, ties := range n.ties {
		for _, t := range ties {
			affinity[[2]int{i, t.other}] = t.v
		}
	}
	return func(a, b []int) float64 {
		sum, pairs := 0.0, 0
		for _, i := range a {
			for _, j := range b {
				if i != j {
					sum += affinity[[2]int{i, j}]
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

// linkage is agglomerative clustering over a sparse network.
type linkage struct {
	into  []int             // cluster -> the cluster that it became part of; itself while it lives
	size  []int             // members
	usual []float64         // sum of its members'
	ties  []map[int]float64 // cluster -> cluster -> sum of affinities between their members
	queue tieQueue
}

func newLinkage(n *network) *linkage {
	l := &linkage{into: make([]int, len(n.ties)), size: make([]int, len(n.ties)), usual: slices.Clone(n.usual), ties: make([]map[int]float64, len(n.ties))}
	for i := range n.ties {
		l.into[i], l.size[i], l.ties[i] = i, 1, make(map[int]float64, len(n.ties[i]))
		for _, t := range n.ties[i] {
			l.ties[i][t.other] = t.v
		}
	}
	return l
}

// average is how close two clusters are, beyond what is usual for them.
func (l *linkage) average(a, b int) float64 {
	m, n := float64(l.size[a]), float64(l.size[b])
	return l.ties[a][b]/(m*n) - (l.usual[a]/m+l.usual[b]/n)/2
}

func (l *linkage) merge(least float64) {
	for a := range l.ties {
		for b := range l.ties[a] {
			if v := l.average(a, b); a < b && v >= least {
				l.queue = append(l.queue, tie{v, a, b})
			}
		}
	}
	heap.Init(&l.queue)
	for l.queue.Len() > 0 {
		t := heap.Pop(&l.queue).(tie)
		if l.into[t.a] != t.a || l.into[t.b] != t.b || l.average(t.a, t.b) != t.v {
			continue // one of the two has become another since
		}
		l.join(t.a, t.b)
		for other := range l.ties[t.a] {
			a, b := min(t.a, other), max(t.a, other)
			if v := l.average(a, b); v >= least {
				heap.Push(&l.queue, tie{v, a, b})
			}
		}
	}
}

// join makes b part of a.
func (l *linkage) join(a, b int) {
	l.into[b] = a
	for other, v := range l.ties[b] {
		delete(l.ties[other], b)
		if other != a {
			l.ties[a][other] += v
			l.ties[other][a] += v
		}
	}
	l.size[a] += l.size[b]
	l.usual[a] += l.usual[b]
	l.ties[b] = nil
}

// tie is how close two clusters were when it was noted.
type tie struct {
	v    float64
	a, b int
}

// tieQueue hands out the closest first, and among equals the first.
type tieQueue []tie

func (q tieQueue) Len() int { return len(q) }
func (q tieQueue) Less(i, j int) bool {
	if q[i].v != q[j].v {
		return q[i].v > q[j].v
	}
	if q[i].a != q[j].a {
		return q[i].a < q[j].a
	}
	return q[i].b < q[j].b
}
func (q tieQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *tieQueue) Push(x any)   { *q = append(*q, x.(tie)) }
func (q *tieQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
