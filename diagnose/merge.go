package diagnose

import (
	"container/heap"
	"math"
	"slices"
)

// linkage is agglomerative clustering. Both kinds give the same clusters.
type linkage interface {
	// join makes cluster b part of a.
	join(a, b int)
	// merge joins the closest until none are as close as least, of pairs that are equally close the first; it returns for each cluster the
	// one that it became part of, itself where none.
	merge(least float64) (into []int)
}

// sparse is the linkage of many, few of which are tied: pairs wait in a queue.
type sparse struct {
	into  []int             // cluster -> the cluster that it became part of; itself while it lives
	size  []int             // members
	usual []float64         // sum of its members'
	ties  []map[int]float64 // cluster -> cluster -> sum of affinities between their members
	queue tieQueue
}

func newSparse(n *network) *sparse {
	l := &sparse{into: make([]int, len(n.ties)), size: make([]int, len(n.ties)), usual: slices.Clone(n.usual), ties: make([]map[int]float64, len(n.ties))}
	for i := range n.ties {
		l.into[i], l.size[i], l.ties[i] = i, 1, make(map[int]float64, len(n.ties[i]))
		for _, t := range n.ties[i] {
			l.ties[i][t.other] = t.v
		}
	}
	return l
}

// average is how close two clusters are, beyond what is usual for them.
func (l *sparse) average(a, b int) float64 {
	m, n := float64(l.size[a]), float64(l.size[b])
	return l.ties[a][b]/(m*n) - (l.usual[a]/m+l.usual[b]/n)/2
}

func (l *sparse) merge(least float64) []int {
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
	return l.into
}

func (l *sparse) join(a, b int) {
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

// matrix is the linkage of few, all tied with all: each cluster knows the closest that comes after it.
type matrix struct {
	into  []int
	size  []float64
	usual []float64   // sum of its members'
	mean  []float64   // the same for one
	sum   [][]float64 // of affinities between the members of two
	alive []int       // ascending
	best  []closeness // of each cluster, among those after it
}

func newMatrix(n *network) *matrix {
	k := len(n.ties)
	l := &matrix{
		into: make([]int, k), size: make([]float64, k), usual: slices.Clone(n.usual), mean: slices.Clone(n.usual), sum: n.matrix(),
		alive: make([]int, k), best: make([]closeness, k),
	}
	for i := range l.into {
		l.into[i], l.size[i], l.alive[i] = i, 1, i
	}
	return l
}

func (l *matrix) average(a, b int) float64 {
	return l.sum[a][b]/(l.size[a]*l.size[b]) - (l.mean[a]+l.mean[b])/2
}

func (l *matrix) join(a, b int) {
	l.into[b] = a
	at, _ := slices.BinarySearch(l.alive, b)
	l.alive = slices.Delete(l.alive, at, at+1)
	for _, c := range l.alive {
		if c != a {
			l.sum[a][c] += l.sum[b][c]
			l.sum[c][a] = l.sum[a][c]
		}
	}
	l.size[a] += l.size[b]
	l.usual[a] += l.usual[b]
	l.mean[a] = l.usual[a] / l.size[a]
}

// look finds the closest cluster after one; of several the first.
func (l *matrix) look(a int) {
	best := closeness{-1, math.Inf(-1)}
	at, _ := slices.BinarySearch(l.alive, a)
	for _, b := range l.alive[at+1:] {
		if v := l.average(a, b); v > best.v {
			best = closeness{b, v}
		}
	}
	l.best[a] = best
}

func (l *matrix) merge(least float64) []int {
	for _, a := range l.alive {
		l.look(a)
	}
	for {
		from := -1
		for _, a := range l.alive {
			if b := l.best[a]; b.cluster >= 0 && b.v >= least && (from < 0 || b.v > l.best[from].v) {
				from = a
			}
		}
		if from < 0 {
			return l.into
		}
		gone := l.best[from].cluster
		l.join(from, gone)
		for _, a := range l.alive {
			switch b := &l.best[a]; {
			case a == from || b.cluster == from || b.cluster == gone:
				l.look(a)
			case a < from:
				if v := l.average(a, from); v > b.v || v == b.v && from < b.cluster {
					*b = closeness{from, v}
				}
			}
		}
	}
}
