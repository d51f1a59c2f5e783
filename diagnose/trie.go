package diagnose

import (
	"maps"
	"slices"
)

// trie holds all phrases, a node a common beginning. What a step needs lies side by side: most of the cost of a message is waiting for memory.
type trie struct {
	root  []int32 // word -> its node below the root, 0 where none; nearly every step of a message is from there
	nodes []node  // and one more, for where the last one's lists end
	edges []edge  // of all nodes one after the other, those of a node by their words
	ends  []int32 // phrases that end at each node, one after the other
}

// node is where the lists of a node begin; they end where those of the next begin.
type node struct{ edges, ends int32 }

type edge struct{ word, to int32 }

// newTrie packs a trie: next is node<<32|word -> node, ends are the phrases that end at each node, and words are numbered from 1.
func newTrie(next map[uint64]int32, ends [][]int32, words int) trie {
	t := trie{root: make([]int32, words+1), nodes: make([]node, len(ends)+1), edges: make([]edge, 0, len(next))}
	for _, key := range slices.Sorted(maps.Keys(next)) {
		from, word := key>>32, int32(uint32(key))
		if from == 0 {
			t.root[word] = next[key]
		}
		t.edges = append(t.edges, edge{word, next[key]})
		t.nodes[from+1].edges++
	}
	for n, phrases := range ends {
		t.nodes[n+1].edges += t.nodes[n].edges
		t.ends = append(t.ends, phrases...)
		t.nodes[n+1].ends = int32(len(t.ends))
	}
	return t
}

// phrases lists those that end at a node.
func (t *trie) phrases(n int32) []int32 { return t.ends[t.nodes[n].ends:t.nodes[n+1].ends] }

// child is where a word leads from a node; 0 is nowhere.
func (t *trie) child(n, word int32) int32 {
	if n == 0 {
		return t.root[word]
	}
	edges := t.edges[t.nodes[n].edges:t.nodes[n+1].edges]
	for len(edges) > 0 {
		switch mid := len(edges) / 2; {
		case edges[mid].word == word:
			return edges[mid].to
		case edges[mid].word < word:
			edges = edges[mid+1:]
		default:
			edges = edges[:mid]
		}
	}
	return 0
}
