package model

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"corax/knowledge"
)

// Settings of the training. They were chosen by cross-validation over the catalogue's examples (docs/engine.md).
const (
	epochs    = 24
	averaged  = 8 // last epochs, of whose weights the mean is kept: less hangs on which text came last
	rate      = 0.7
	decay     = 2e-5
	drop      = 0.4   // share of words left out, anew in each epoch, so that no single word decides
	variants  = 12    // texts made from each signature
	noneShare = 0.03  // texts of no mechanism, as a share of the others
	smallest  = 0.005 // weights below this share of the largest are left out
	steps     = 127
)

// text is one text to learn from.
type text struct {
	words []string
	class int
}

// Options narrow what is learned from; the zero value is everything.
type Options struct {
	// Leave says which examples to leave out, for cross-validation: the mechanism and the number of its example.
	Leave func(mechanism string, example int) bool
}

// Train learns from a catalogue: from its examples, its signatures and what its mechanisms are said to be; never from vectors. split makes
// the stems of a text.
func Train(cat *knowledge.Catalogue, split func(string) []string, o Options) *Model {
	m := &Model{}
	for _, mech := range cat.Mechanisms {
		m.Classes = append(m.Classes, mech.ID)
	}
	rng := rand.New(rand.NewPCG(0x636f726178, 1))
	texts := collect(cat, split, o, rng)
	m.Digest = digest(texts, m.Classes)
	t := newTrainer(len(m.Classes) + 1)
	t.train(texts, func(x text) (int, bool) { return x.class, x.class < t.classes }, rng)
	health := newTrainer(2) // by itself: that a message sounds well takes nothing from what it is about
	health.train(texts, func(x text) (int, bool) { return b2i(x.class == t.classes), x.class != t.classes-1 }, rng)
	freeze(m, t, health)
	return m
}

// train goes through the texts that have a class, again and again, in another order each time.
func (t *trainer) train(texts []text, class func(text) (int, bool), rng *rand.Rand) {
	for epoch := range epochs {
		step := rate / (1 + 0.15*float32(epoch))
		rng.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
		for _, x := range texts {
			if c, ok := class(x); ok {
				t.learn(thin(x.words, rng), c, step)
			}
		}
		t.average(epoch - (epochs - averaged))
	}
	t.weight, t.bias = t.mean, t.meanBias
}

// average makes the weights of the nth epoch that counts part of their mean.
func (t *trainer) average(n int) {
	if n < 0 {
		return
	}
	share := 1 / float32(n+1)
	for i, w := range t.weight {
		t.mean[i] += float32((w - t.mean[i]) * share)
	}
	for i, w := range t.bias {
		t.meanBias[i] += float32((w - t.meanBias[i]) * share)
	}
}

// Digest says what a model of that catalogue is trained from, so that a stale one can be told.
func Digest(cat *knowledge.Catalogue, split func(string) []string) [sha256.Size]byte {
	var classes []string
	for _, mech := range cat.Mechanisms {
		classes = append(classes, mech.ID)
	}
	return digest(collect(cat, split, Options{}, rand.New(rand.NewPCG(0x636f726178, 1))), classes)
}

func digest(texts []text, classes []string) (sum [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintln(h, epochs, averaged, rate, decay, drop, smallest, Features, gram, classes)
	for _, t := range texts {
		fmt.Fprintln(h, t.class, t.words)
	}
	h.Sum(sum[:0])
	return sum
}

// collect makes the texts to learn from.
func collect(cat *knowledge.Catalogue, split func(string) []string, o Options, rng *rand.Rand) []text {
	var texts []text
	add := func(class int, say string) {
		if w := split(say); len(w) > 0 {
			texts = append(texts, text{w, class})
		}
	}
	var pool []string // words of all examples, for texts of none
	for class, mech := range cat.Mechanisms {
		for i, e := range mech.Examples {
			if o.Leave != nil && o.Leave(mech.ID, i) {
				continue
			}
			add(class, e)
			pool = append(pool, split(e)...)
		}
		add(class, mech.Title+" "+mech.What)
		for _, s := range mech.Signatures {
			if s.Role == knowledge.SymptomRole || len(s.Say) == 0 {
				continue
			}
			for range variants {
				add(class, choose(s.Say, rng))
			}
		}
	}
	none := len(cat.Mechanisms)
	for range int(noneShare * float64(len(texts))) {
		if len(pool) == 0 {
			break
		}
		words := make([]string, 4+rng.IntN(14)) // words of many texts beside each other say nothing together
		for i := range words {
			words[i] = pool[rng.IntN(len(pool))]
		}
		texts = append(texts, text{words, none})
	}
	for _, say := range ordinary {
		add(none, say)
	}
	for _, say := range cat.Healthy {
		add(none+1, say)
	}
	return texts
}

// choose takes one alternative of each phrase.
func choose(say []string, rng *rand.Rand) string {
	var b strings.Builder
	for _, phrase := range say {
		alternatives := strings.Split(phrase, "|")
		b.WriteString(alternatives[rng.IntN(len(alternatives))])
		b.WriteByte(' ')
	}
	return b.String()
}

// thin leaves words out.
func thin(words []string, rng *rand.Rand) []string {
	kept := make([]string, 0, len(words))
	for _, w := range words {
		if rng.Float64() >= drop {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return words
	}
	return kept
}

// trainer is logistic regression by stochastic gradient descent with one AdaGrad rate a feature.
type trainer struct {
	classes  int
	weight   []float32 // feature*classes + class
	caution  []float32 // feature: sum of squared gradients
	bias     []float32
	mean     []float32 // of the weight over the last epochs, and of the bias
	meanBias []float32
	sum      []float32
	features featureSet
}

func newTrainer(classes int) *trainer {
	return &trainer{classes: classes, weight: make([]float32, Features*classes), caution: make([]float32, Features),
		bias: make([]float32, classes), mean: make([]float32, Features*classes), meanBias: make([]float32, classes), sum: make([]float32, classes), features: newFeatureSet()}
}

// learn takes one step towards the class. Products are rounded before they are summed, so that no machine fuses them.
func (t *trainer) learn(words []string, class int, rate float32) {
	hashes := t.features.of(words)
	norm := damp(len(hashes))
	copy(t.sum, t.bias)
	for _, f := range hashes {
		row := t.weight[int(f)*t.classes:][:t.classes]
		for c, w := range row {
			t.sum[c] += float32(w * norm)
		}
	}
	softmax(t.sum)
	t.sum[class]--
	var squared float32
	for c, g := range t.sum {
		squared += float32(g * g)
		t.bias[c] -= float32(0.02 * rate * g)
	}
	squared = float32(squared * float32(norm*norm))
	for _, f := range hashes {
		t.caution[f] += squared
		step := float32(rate * norm / float32(math.Sqrt(float64(t.caution[f])+1e-6)))
		row := t.weight[int(f)*t.classes:][:t.classes]
		for c, g := range t.sum {
			row[c] -= float32(step*g) + float32(decay*row[c])
		}
	}
}

// freeze keeps the weights that matter, in small numbers: those of the mechanisms and of none, and behind them that of health against
// trouble.
func freeze(m *Model, t, health *trainer) {
	largest := float32(0)
	for _, list := range [...][]float32{t.weight, health.weight} {
		for _, w := range list {
			largest = max(largest, w, -w)
		}
	}
	m.scale = max(largest, 1e-6) / steps
	m.bias = append(slices.Clone(t.bias), health.bias[1]-health.bias[0])
	m.start = make([]uint32, Features+1)
	keep := func(c int, w float32) {
		if max(w, -w) >= smallest*largest {
			m.entry = append(m.entry, entry{uint16(c), int8(max(-steps, min(steps, math.Round(float64(w/m.scale)))))})
		}
	}
	for f := range Features {
		for c, w := range t.weight[f*t.classes:][:t.classes] {
			keep(c, w)
		}
		keep(t.classes, health.weight[2*f+1]-health.weight[2*f])
		m.start[f+1] = uint32(len(m.entry))
	}
	m.rows = newRows(m)
}

// softmax turns scores into probabilities.
func softmax(scores []float32) {
	top, sum := slices.Max(scores), 0.0
	for i, v := range scores {
		e := exp(float64(v - top))
		scores[i] = float32(e)
		sum += e
	}
	for i := range scores {
		scores[i] /= float32(sum)
	}
}

// exp is e^x for x <= 0, by the same steps on every machine; its error is below 1e-7.
func exp(x float64) float64 {
	if x < -40 {
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*math.Ln2)
	sum := 1.0
	for n := 9; n > 0; n-- {
		sum = 1 + float64(float64(r*sum)/float64(n))
	}
	return math.Ldexp(sum, int(k))
}

// Validation is what cross-validation over a catalogue's examples found.
type Validation struct {
	Texts   int // examples that were predicted by a model that had not seen them
	Right   int // the best mechanism is the example's
	Pattern int // the best mechanism's pattern is the example's
	None    int // taken for none
}

// CrossValidate trains as often as there are folds, each time without a part of the examples, and predicts those.
func CrossValidate(cat *knowledge.Catalogue, split func(string) []string, folds int) Validation {
	var v Validation
	for fold := range folds {
		out := func(id string, example int) bool {
			return (int(hash(offset64, id)%uint64(folds))+example)%folds == fold
		}
		m := Train(cat, split, Options{Leave: out})
		s := m.NewScratch()
		for _, mech := range cat.Mechanisms {
			for i, e := range mech.Examples {
				if !out(mech.ID, i) {
					continue
				}
				v.Texts++
				top, _ := m.Top(split(e), s)
				if len(top) == 0 {
					v.None++
					continue
				}
				best, _ := cat.Mechanism(m.Classes[top[0].Class])
				v.Right += b2i(best.ID == mech.ID)
				v.Pattern += b2i(cmp.Compare(best.Pattern, mech.Pattern) == 0)
			}
		}
	}
	return v
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
