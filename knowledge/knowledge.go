// Package knowledge is the catalogue of what can go wrong: patterns (families of incidents), mechanisms (how something fails, what its
// signals say in the software's own words, what those who depend on it see, what to do) and actions (what remedies are made of).
//
// It is data: YAML files, embedded, that a user's directories overlay entry by entry (theirs win). Out comes a checked Catalogue, which
// never changes afterwards. Nothing here recognises anything; package diagnose does. No file may hold a name, host or id of a real system.
package knowledge

import (
	"cmp"
	"slices"
	"strings"

	"corax"
)

// Catalogue is the knowledge, sorted by name or id.
type Catalogue struct {
	Patterns   []Pattern   `yaml:"patterns"`
	Mechanisms []Mechanism `yaml:"mechanisms"`
	Actions    []Action    `yaml:"actions"`
	Impacts    []Impact    `yaml:"impacts"`
	// Healthy are messages that say that all is well, many in the words of faults. The learned view is trained on them.
	Healthy []string `yaml:"healthy"`
}

// Impact is what words, or the rule that an alert carries, say about how bad something is, whatever broke.
type Impact struct {
	Name string `yaml:"name"`
	Say  string `yaml:"say"`  // alternatives, split by "|"; empty where Rule is given
	Rule string `yaml:"rule"` // regular expression for the rule's expression
	// Points are log odds of "someone has to act now"; Lead is added where a message's first clause says it.
	Points float64 `yaml:"points"`
	Lead   float64 `yaml:"lead"`
	// Implied words say of a fault what every fault of a known mechanism says of itself. They don't count where a topology
	// tells who feels it.
	Implied bool   `yaml:"implied"`
	Why     string `yaml:"why"`
}

// Pattern is a family of incidents.
type Pattern struct {
	Name string `yaml:"name"`
	What string `yaml:"what"`
	// Under names the broader pattern of which this is a narrower case: where both fit, the narrower wins.
	Under string `yaml:"under"`
	// Felt says that its signs are also what those show who need something else that failed: slowness, errors, time-outs.
	Felt bool `yaml:"felt"`
}

// Locus says whose fault a mechanism's direct evidence is.
type Locus string

// The loci.
const (
	Self     Locus = "self"     // of the entity that reports it or that is reported about
	Provider Locus = "provider" // of the entity that the reporter trusts
)

// Mechanism is one way to fail.
type Mechanism struct {
	ID         string      `yaml:"id"`
	Domain     string      `yaml:"domain"` // the field it is of: network, database, aws ...; the file's where empty
	Title      string      `yaml:"title"`  // the end of "X: ..."
	Pattern    string      `yaml:"pattern"`
	What       string      `yaml:"what"`
	Signatures []Signature `yaml:"signatures"`
	// Shared says that several entities which show it at once point to what all of them need.
	Shared bool `yaml:"shared"`
	// Felt says that it is seldom where an outage began: its signs are also what others show when something that they need has failed.
	Felt bool `yaml:"felt"`
	// Causes is what dependents show, in their own words: their trouble, explained by this mechanism elsewhere.
	Causes   []Signature `yaml:"causes"`
	Severity Rating      `yaml:"severity"`
	Confused []Confusion `yaml:"confused_with"`
	Evidence []string    `yaml:"evidence"` // what to gather where it is missing
	Facts    []Fact      `yaml:"facts"`    // identifiers that the plan needs, besides those that any text may hold (Identifiers)
	// Story is the narrative's sentences, in the order of what happened.
	Story      []Sentence `yaml:"story"`
	Remedies   []Remedy   `yaml:"remedies"`
	References []string   `yaml:"references"`
	// Examples are messages as the software, a monitor or an alert would word them. The learned view is trained on them.
	Examples []string `yaml:"examples"`
	Vectors  Vectors  `yaml:"vectors"`
}

// Vectors are messages that prove a mechanism and train nothing: CI diagnoses each as a case of its own.
type Vectors struct {
	Recognise []string   `yaml:"recognise"` // must be recognised as the mechanism
	Refuse    []NearMiss `yaml:"refuse"`    // must not be
}

// NearMiss is a message that looks like a mechanism and is not.
type NearMiss struct {
	Say string `yaml:"say"`
	Is  string `yaml:"is"` // the mechanism that it must be recognised as; empty: any other, or none
}

// Sentence is a statement of the narrative. {name} inserts a fact; a sentence is left out where a fact is not known, or where no signal
// holds all of Say. It is tied to the signals that hold Say, or else to the evidence of the mechanism.
type Sentence struct {
	Text string   `yaml:"text"`
	Say  []string `yaml:"say"`
}

// Role says how close a signature is to the cause.
type Role string

// The roles, strongest first.
const (
	CauseRole   Role = "cause"   // states what went wrong, at the one that is at fault
	FeltRole    Role = "felt"    // what the one that trusts the faulty entity says; says whose fault it is as well
	SymptomRole Role = "symptom" // fits, and fits others too
)

// Signature is evidence in words. All of Say must occur in one signal, none of Not; each entry holds alternatives split by "|". Words are
// compared in lower case, without their endings, punctuation apart; "#" stands for any token that starts with a digit.
type Signature struct {
	Say    []string `yaml:"say"`
	Not    []string `yaml:"not"`
	Class  string   `yaml:"class"` // value of the signal's attribute "class" (what a probe saw); instead of Say, or with it
	Kind   string   `yaml:"kind"`  // only in signals of this kind: change
	Weight float64  `yaml:"weight"`
	Role   Role     `yaml:"role"`  // cause where empty
	Locus  Locus    `yaml:"locus"` // self where empty; provider where the role is felt
}

// Words are what a signature asks for: of each list in say one must be said, and none of not.
func (s Signature) Words() (say [][]string, not []string) {
	for _, phrase := range s.Say {
		say = append(say, strings.Split(phrase, "|"))
	}
	for _, phrase := range s.Not {
		not = append(not, strings.Split(phrase, "|")...)
	}
	return say, not
}

// Rating is the severity that a mechanism has by itself, before impact is looked at, and what moves it.
type Rating struct {
	Base  corax.Severity `yaml:"base"`
	Raise []Modifier     `yaml:"raise"`
	Lower []Modifier     `yaml:"lower"`
}

// Modifier moves the severity by one level.
type Modifier struct {
	When Condition `yaml:"when"`
	Why  string    `yaml:"why"`
}

// Condition is what a modifier asks for; all fields that are set must hold.
type Condition struct {
	Say      []string `yaml:"say"`      // as in a signature
	Affected int      `yaml:"affected"` // at least so many entities affected, the root not counted
	Needed   int      `yaml:"needed"`   // at least so many entities need the root, says the topology
}

// Confusion is a mechanism that looks alike, and what tells the two apart.
type Confusion struct {
	Mechanism string `yaml:"mechanism"`
	Tell      string `yaml:"tell"`
}

// Fact is an identifier to look for.
type Fact struct {
	Name string `yaml:"name"`
	// Attributes are names of signal attributes or labels that hold it.
	Attributes []string `yaml:"attributes"`
	// After are words that come before it in a text: "new kid".
	After []string `yaml:"after"`
	// Before are words that come right after it: "now signs".
	Before []string `yaml:"before"`
	// Arrow says at which end of "A -> B" it stands in a change: from or to.
	Arrow string `yaml:"arrow"`
	// Words, where given, are the only values that count, and one of them in a text is enough.
	Words map[string][]string `yaml:"words"`
}

// Target says on which entities a remedy's step works.
type Target string

// The targets.
const (
	OnRoot       Target = "root"
	OnVerifiers  Target = "verifiers"  // each entity that trusts the root
	OnDependents Target = "dependents" // each entity that depends on the root
)

// Remedy is one step of a plan. Do, Params and the rest may hold {fact}, {target} and {root}; {fact|words} says what stands in its place
// where the fact isn't known. {said} is what was reported, in its own words; {gone}, that nothing like it comes any more. In Run, words in
// capitals, as in {bucket|BUCKET}, are a blank that a person fills in; its name need not be a fact.
type Remedy struct {
	Phase   string            `yaml:"phase"`
	Action  string            `yaml:"action"`
	On      Target            `yaml:"on"`
	Purpose corax.StepPurpose `yaml:"purpose"`
	Unless  []string          `yaml:"unless"` // fact=value; the step is left out where one holds
	Params  map[string]string `yaml:"params"` // left out where its fact isn't known
	Do      string            `yaml:"do"`
	Run     string            `yaml:"run"` // the command that a person would type, where there is a usual one
	// Products are the commands of other products than Run is for.
	Products []Product `yaml:"products"`
	Check    string    `yaml:"check"`  // what must hold before; the action's where empty
	Verify   string    `yaml:"verify"` // the action's where empty
	Undo     string    `yaml:"undo"`   // the action's where empty
	Waits    bool      `yaml:"waits"`
	Ask      bool      `yaml:"ask"`
}

// Product is what a remedy's command is where signals name a product.
type Product struct {
	Say string `yaml:"say"` // words that name it, split by "|"
	Run string `yaml:"run"`
}

// Action describes what a remedy's step does, for people and for the mode of a plan; executors have their own declarations.
type Action struct {
	Name   string     `yaml:"name"`
	Title  string     `yaml:"title"`
	Risk   corax.Risk `yaml:"risk"`
	Check  string     `yaml:"check"` // what must hold before
	Verify string     `yaml:"verify"`
	Undo   string     `yaml:"undo"`
	// Where says who can do it: remote (by an interface; the default), person (by judgement, anywhere) or site (hands on the device).
	Where Where `yaml:"where"`
}

// Where says who can carry an action out.
type Where string

// The places.
const (
	Remote Where = "remote"
	Person Where = "person"
	Site   Where = "site"
)

// Pattern is the pattern of that name.
func (c *Catalogue) Pattern(name string) (Pattern, bool) {
	i, ok := slices.BinarySearchFunc(c.Patterns, name, func(p Pattern, n string) int { return cmp.Compare(p.Name, n) })
	if !ok {
		return Pattern{}, false
	}
	return c.Patterns[i], true
}

// Mechanism is the mechanism with that id.
func (c *Catalogue) Mechanism(id string) (Mechanism, bool) {
	i, ok := slices.BinarySearchFunc(c.Mechanisms, id, func(m Mechanism, n string) int { return cmp.Compare(m.ID, n) })
	if !ok {
		return Mechanism{}, false
	}
	return c.Mechanisms[i], true
}

// Action is the action of that name.
func (c *Catalogue) Action(name string) (Action, bool) {
	i, ok := slices.BinarySearchFunc(c.Actions, name, func(a Action, n string) int { return cmp.Compare(a.Name, n) })
	if !ok {
		return Action{}, false
	}
	return c.Actions[i], true
}
