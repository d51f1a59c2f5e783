package audit

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"corax"
)

// Claim is what is to be verified: a chain, what was signed of it, and the public key.
type Claim struct {
	Key     Public
	Rows    []Row // in the order of their numbers
	Head    *Head // the end as the store has it; nil in an export
	HeadSig string
	Anchors []Signed
	Slice   bool // only a part of the chain and of the anchors, as an export may be
	// Records are the digests of what is recorded beside the chain, by what entries call it (AuditEntry.On). What isn't
	// among them, retention has forgotten.
	Records map[string]string
}

// Range is an unbroken run of entries that something signed stands behind.
type Range struct {
	From   int64     `json:"from"`
	FromAt time.Time `json:"from_at"`
	To     int64     `json:"to"`
	ToAt   time.Time `json:"to_at"`
	// Anchored is the last entry of it that an anchor vouches for; the store's own signature alone does for those after it.
	Anchored int64 `json:"anchored"`
}

// Report says what verification found.
type Report struct {
	OK       bool     `json:"ok"`
	Key      Public   `json:"key"`
	Entries  int      `json:"entries"`
	Anchors  int      `json:"anchors"`
	Vouched  []Range  `json:"vouched"`  // in order; nothing outside of them can be relied on
	Problems []string `json:"problems"` // what is wrong, in order
}

// mostFaults bounds how much a report tells.
const mostFaults = 100

// verifier is a verification under way.
type verifier struct {
	claim   Claim
	report  Report
	anchors map[int64]Anchor // by entry
	entries []corax.AuditEntry
	run     *Range // unbroken so far
	last    Head
	pruned  map[int64]bool // up to which entries pruning is recorded
}

// Verify holds a chain against its hashes, its anchors and its records.
func Verify(c Claim) Report {
	v := &verifier{claim: c, anchors: map[int64]Anchor{}, pruned: map[int64]bool{}}
	v.report = Report{Key: c.Key, Entries: len(c.Rows), Problems: []string{}, Vouched: []Range{}}
	anchors, faults := checkAnchors(c.Anchors, c.Key, !c.Slice)
	v.report.Anchors = len(anchors)
	for _, f := range faults {
		v.fault("%s", f)
	}
	for _, a := range anchors {
		if was, ok := v.anchors[a.Seq]; ok && was.Hash != a.Hash {
			v.fault("two anchors name different hashes for entry %d", a.Seq)
		}
		v.anchors[a.Seq] = a
	}
	v.walk()
	v.end(anchors)
	v.begin()
	v.records()
	v.report.OK = len(v.report.Problems) == 0
	return v.report
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.report.Problems) < mostFaults {
		v.report.Problems = append(v.report.Problems, fmt.Sprintf(format, args...))
	}
}

// walk follows the chain from its first row to its last.
func (v *verifier) walk() {
	for i, r := range v.claim.Rows {
		e, err := r.check()
		if err != nil {
			v.fault("%v", err)
			v.close()
			v.last = r.Head()
			continue
		}
		switch {
		case i == 0 && r.Seq == 1 && e.Prev != Nothing:
			v.fault("entry 1 was not the first")
		case i > 0 && r.Seq != v.last.Seq+1:
			v.fault("entries %d to %d are gone", v.last.Seq+1, r.Seq-1)
			v.close()
		case i > 0 && e.Prev != v.last.Hash:
			v.fault("entry %d does not follow the one that stands before it: one of them was exchanged", r.Seq)
			v.close()
		}
		if a, ok := v.anchors[r.Seq]; ok && a.Hash != r.Hash {
			v.fault("entry %d is not the one that was anchored at %s: the chain was made anew", r.Seq, stamp(a.At))
			v.run = nil // what led here is not what was anchored
			v.last = r.Head()
			continue
		}
		v.grow(r, e)
		v.last = r.Head()
		v.entries = append(v.entries, e)
		if e.What == corax.AuditPruned {
			if to, err := strconv.ParseInt(e.Detail["to"], 10, 64); err == nil {
				v.pruned[to] = true
			}
		}
	}
}

func (v *verifier) grow(r Row, e corax.AuditEntry) {
	if v.run == nil {
		v.run = &Range{From: r.Seq, FromAt: e.At}
	}
	v.run.To, v.run.ToAt = r.Seq, e.At
	if _, ok := v.anchors[r.Seq]; ok {
		v.run.Anchored = r.Seq
	}
}

// close ends a run at a break: it is vouched for as far as its last anchor.
func (v *verifier) close() {
	if v.run != nil && v.run.Anchored > 0 {
		i := slices.IndexFunc(v.claim.Rows, func(r Row) bool { return r.Seq == v.run.Anchored })
		if e, err := v.claim.Rows[i].Entry(); err == nil {
			v.run.To, v.run.ToAt = v.run.Anchored, e.At
		}
		v.report.Vouched = append(v.report.Vouched, *v.run)
	}
	v.run = nil
}

// end holds the last row against the head and the anchors.
func (v *verifier) end(anchors []Anchor) {
	whole := v.claim.Head == nil
	if h := v.claim.Head; h != nil {
		switch {
		case h.Seq == 0 && v.last.Seq == 0:
			whole = true
		case !v.claim.Key.Verify(forHead, headText(*h), v.claim.HeadSig):
			v.fault("the store's head (entry %d) is not signed with this key: it was altered, or the key was exchanged", h.Seq)
		case h.Seq > v.last.Seq:
			v.fault("entries %d to %d are gone: the end was cut", v.last.Seq+1, h.Seq)
		case *h != v.last:
			v.fault("the store's head names another entry %d than the chain ends with (%d)", h.Seq, v.last.Seq)
		default:
			whole = true
		}
	}
	for _, a := range anchors {
		if a.Seq > v.last.Seq && !v.claim.Slice {
			v.fault("the chain ends with entry %d, but entry %d was anchored at %s: the end was cut, or an older database was put in place",
				v.last.Seq, a.Seq, stamp(a.At))
			whole = false
			break
		}
	}
	if whole && v.claim.Head != nil && v.run != nil {
		v.report.Vouched = append(v.report.Vouched, *v.run)
		v.run = nil
	}
	v.close()
}

// begin holds the first row against what was pruned.
func (v *verifier) begin() {
	if len(v.claim.Rows) == 0 || v.claim.Slice {
		return
	}
	first := v.claim.Rows[0]
	if first.Seq == 1 {
		return
	}
	e, _ := first.Entry()
	switch a, ok := v.anchors[first.Seq-1]; {
	case !ok:
		v.fault("the chain begins with entry %d, and no anchor stands before it: the beginning was cut", first.Seq)
	case a.Hash != e.Prev:
		v.fault("entry %d does not follow the anchor of entry %d", first.Seq, a.Seq)
	case !v.pruned[first.Seq-1]:
		v.fault("the entries before %d are gone, and no entry says that they were pruned", first.Seq)
	}
}

// records holds what is recorded beside the chain against the latest entry about it.
func (v *verifier) records() {
	if v.claim.Records == nil {
		return
	}
	latest := map[string]corax.AuditEntry{}
	for _, e := range v.entries {
		if e.Inputs != "" {
			latest[e.On] = e
		}
	}
	var wrong []corax.AuditEntry
	for on, e := range latest {
		if is, kept := v.claim.Records[on]; kept && is != e.Inputs {
			wrong = append(wrong, e)
		}
	}
	slices.SortFunc(wrong, func(a, b corax.AuditEntry) int { return int(a.Seq - b.Seq) })
	for _, e := range wrong {
		v.fault("%s is not what entry %d recorded at %s: it was altered", e.On, e.Seq, stamp(e.At))
	}
}
