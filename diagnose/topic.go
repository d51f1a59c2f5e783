package diagnose

import (
	"math"
	"slices"
	"strings"

	read "corax/diagnose/reading"
	"corax/knowledge"
)

// component is one entry of a sparse vector.
type component struct {
	at int32
	v  float64
}

// dot is the inner product of two sparse vectors, both ascending.
func dot(a, b []component) (sum float64) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch x, y := a[i].at, b[j].at; {
		case x < y:
			i++
		case x > y:
			j++
		default:
			sum += a[i].v * b[j].v
			i, j = i+1, j+1
		}
	}
	return sum
}

// unit scales a vector to length 1.
func unit(v []component) []component {
	if length := math.Sqrt(dot(v, v)); length > 0 {
		for i := range v {
			v[i].v /= length
		}
	}
	return v
}

// topics knows what every word of the catalogue is about: how much it tells of each mechanism. Two texts without a common word may then
// be about one thing. That is explicit semantic analysis with mechanisms for articles (Gabrilovich and Markovitch, "Computing Semantic
// Relatedness using Wikipedia-based Explicit Semantic Analysis", IJCAI 2007).
type topics struct {
	words [][]component // word -> mechanisms, ascending
	field []int32       // of each mechanism
	most  int32         // fields
}

// topic is what a text is about, in mechanisms and in fields; both of length 1, or empty.
type topic struct{ mechs, fields []component }

const (
	// causesCount is how much what dependents say counts beside the mechanism's own words: it is what most of a storm is made of.
	causesCount = 3.0
	// leastTelling is the inverse frequency that a word needs; one of a seventh of the mechanisms tells nothing.
	leastTelling = 2.0
	// faint is the share of the strongest mechanism that is taken from each: what is left is what the text is about.
	faint = 0.05
)

// vocabulary counts the words of each mechanism: in how many of its phrases and examples each stands.
func vocabulary(cat *knowledge.Catalogue) []map[string]float64 {
	all := make([]map[string]float64, len(cat.Mechanisms))
	for i, m := range cat.Mechanisms {
		mine := map[string]float64{}
		add := func(stems []string, count float64) {
			for n, s := range stems {
				if !slices.Contains(stems[:n], s) {
					mine[s] += count
				}
			}
		}
		for _, said := range [...]struct {
			by    []knowledge.Signature
			count float64
		}{{m.Signatures, 1}, {m.Causes, causesCount}} {
			for _, s := range said.by {
				for _, phrase := range s.Say {
					add(words(strings.ReplaceAll(phrase, "|", " ")), said.count)
				}
			}
		}
		for _, e := range m.Examples {
			add(read.Stems(e), 1)
		}
		all[i] = mine
	}
	return all
}

// mechanismsOf says of how many mechanisms each word is.
func mechanismsOf(vocabulary []map[string]float64) map[string]int {
	in := map[string]int{}
	for _, mine := range vocabulary {
		for word := range mine {
			in[word]++
		}
	}
	return in
}

// rarity says how telling each word is: less the more of the mechanisms use it.
func (m *matcher) rarity(in map[string]int, mechanisms int) []float64 {
	most := math.Log(float64(mechanisms + 1))
	rare := make([]float64, len(m.vocab)+1)
	for word, n := range in {
		rare[m.vocab[word]] = max(0.1, 1-math.Log(float64(n+1))/most)
	}
	return rare
}

func (m *matcher) topics(cat *knowledge.Catalogue, vocabulary []map[string]float64, in map[string]int) topics {
	t := topics{words: make([][]component, len(m.vocab)+1), field: make([]int32, len(vocabulary))}
	fields := map[string]int32{}
	for i, mine := range vocabulary {
		domain := cat.Mechanisms[i].Domain
		if _, ok := fields[domain]; !ok {
			fields[domain] = int32(len(fields))
		}
		t.field[i] = fields[domain]
		telling := func(word string) float64 { return math.Log(float64(len(vocabulary)+1) / float64(in[word])) }
		length := 0.0
		list := make([]string, 0, len(mine))
		for word := range mine {
			list = append(list, word)
		}
		slices.Sort(list) // sums have a fixed order
		for _, word := range list {
			v := math.Log1p(mine[word]) * telling(word)
			length += v * v
		}
		length = math.Sqrt(length)
		for _, word := range list {
			if r := telling(word); r >= leastTelling && !(word[0] >= '0' && word[0] <= '9') {
				w := m.vocab[word]
				t.words[w] = append(t.words[w], component{int32(i), math.Log1p(mine[word]) * r / length * r * r})
			}
		}
	}
	t.most = int32(len(fields))
	return t
}

// of is the topic of a text; each of its words counts once. sum has a place for each mechanism, is all zero, and is so again afterwards.
func (t *topics) of(words []int32, sum []float64, room *slab[component]) topic {
	for _, w := range words {
		for _, c := range t.words[w] {
			sum[c.at] += c.v
		}
	}
	most := 0.0
	for _, v := range sum {
		if v > most {
			most = v
		}
	}
	least, about := faint*most, 0
	for _, v := range sum {
		if v > least {
			about++
		}
	}
	list := room.room(about)
	for m, v := range sum {
		if v > least {
			list = append(list, component{int32(m), v - least})
		}
	}
	clear(sum)
	unit(list)
	for _, c := range list {
		sum[t.field[c.at]] += c.v * c.v
	}
	fields := room.room(int(t.most))
	for f, v := range sum[:t.most] {
		if v > 0 {
			fields = append(fields, component{int32(f), v})
		}
	}
	clear(sum[:t.most])
	return topic{list, unit(fields)}
}
