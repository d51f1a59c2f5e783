package diagnose

import (
	"fmt"
	"math"

	"corax"
	"corax/knowledge"
	read "corax/reading"
)

var (
	// total words say that all of something is gone.
	total = set(`outage blackout total complete completely entire entirely everything everyone`)
	// secure words say that data or people are at risk, whatever still runs.
	secure = set(`attack attacker breach compromised exfiltration ransomware corruption corrupted unauthorized intrusion lateral`)
	// gone words say that something does not work at all.
	gone = set(`down missing disappeared absent unreachable unavailable offline crashed crash crashing crashlooping died killed dead broken
		corrupt corrupted corruption lost expired outage quorum leader split isolated refused exhausted panic oom disconnected stopped
		unrecoverable dataloss inoperative dropped dropping rejected denied full cannot unable leaderless fenced unhealthy failover
		blocked blocking fatal emergency`)
	// strained words say that it works, with trouble: a rate, a threshold, a delay.
	strained = set(`high slow slowly latency increasing increased increase lag lagging many exceed exceeds exceeding above over usage
		utilization utilisation pressure backlog pending growing long longer approaching soon low saturation throttled throttling nearing
		near threshold unusual load delayed delay queue degraded retries retry more less than excessive frequent often spike rate ratio
		behind stale old misconfigured unbalanced waiting evictions reload skew drift outdated mismatch restarts warning few`)
	// idle words say that nothing is harmed.
	idle = set(`unused idle upgrade informational info wasted oversized underused recommended`)
)

// severity rates impact: what the mechanism usually means, moved by how much is affected, for how many, and what is at risk.
func (w *work) severity(g group, root cause, c corax.Cascade) (corax.Severity, []string) {
	level, reasons := corax.Medium, []string(nil)
	say := func(format string, args ...any) { reasons = append(reasons, fmt.Sprintf(format, args...)) }
	if root.mech >= 0 {
		level = w.matcher.mechs[root.mech].Severity.Base
		say("%s is %s by itself", root.title, level)
	}
	raised := 0
	lowered := 0
	if root.mech >= 0 {
		rating := w.matcher.mechs[root.mech].Severity
		for i, m := range rating.Raise {
			if w.holds(g, root, c, m.When, w.matcher.raises[root.mech][i]) {
				raised++
				say("%s", m.Why)
			}
		}
		for i, m := range rating.Lower {
			if w.holds(g, root, c, m.When, w.matcher.lowers[root.mech][i]) {
				lowered++
				say("%s", m.Why)
			}
		}
	}
	share, words := w.lost(g)
	switch {
	case share >= 0.9:
		raised++
		say("nothing of it is left: %s", words)
	case share >= 0.3:
		if root.mech < 0 {
			raised++
		}
		say("a good part is gone: %s", words)
	}
	if n, all := len(c.Affected), w.graph.Len(); all > 3 && n+1 >= (all+1)/2+1 {
		raised++
		say("%d of %d entities are in trouble", n+1, all)
	} else if n > 0 {
		say("%d more feel it", n)
	}
	// Texts without a topology: how bad it is stands in the words.
	if w.graph.Len() == 0 {
		t := w.tone(g)
		switch {
		case t.grave != "":
			raised++
			say("said to be %s", t.grave)
		case len(c.Affected) > 0:
			raised++
		case t.gone == "" && t.idle != "" && len(g.incidents) == 1:
			level = corax.Low
			say("nothing is harmed: %s", t.idle)
		case t.works && share < 0.9:
			level = min(level, corax.Medium)
			say("it works, with trouble: %s", t.strained)
		case t.gone != "" && level < corax.High:
			level = corax.High
			say("it does not work: %s", t.gone)
		}
	}
	level += corax.Severity(min(raised, 1) - min(lowered, 1))
	return min(max(level, corax.Low), corax.Critical), reasons
}

// holds says that the condition of a modifier is met; sig is the signature of its words, -1 for none.
func (w *work) holds(g group, root cause, c corax.Cascade, when knowledge.Condition, sig int32) bool {
	if len(c.Affected) < when.Affected {
		return false
	}
	if when.Needed > 0 && w.graph.BlastRadius(root.entity) < when.Needed {
		return false
	}
	if sig < 0 {
		return true
	}
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			for _, h := range w.readings[s].hits {
				if h.sig == sig {
					return true
				}
			}
		}
	}
	return false
}

// lost is the largest share that the texts say is gone: "0/4 up", "100 % of requests fail", "4 of 7 failed".
func (w *work) lost(g group) (share float64, words string) {
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			r := &w.readings[s]
			for _, x := range r.Ratios() {
				v, alive := x.Share(), false
				for _, t := range r.Tokens {
					if t.Start > x.End && t.Start-x.End < 30 || t.End < x.Start && x.Start-t.End < 20 {
						alive = alive || read.Good(t.Stem) || t.Text == "up" || t.Text == "active" || t.Text == "left" || t.Text == "free"
					}
				}
				if alive {
					v = 1 - v
				}
				if !math.IsNaN(v) && v > share {
					share, words = v, quote(r.Text[x.Start:min(len(r.Text), x.End+24)], span{})
				}
			}
		}
	}
	return share, words
}

// tone is the first word of each kind about impact.
type tone struct {
	grave, gone, strained, idle string
	works                       bool // no signal speaks of trouble as a loss before it speaks of it as a strain
}

func (w *work) tone(g group) (found tone) {
	lossy := false
	for _, i := range g.incidents {
		for _, s := range w.incidents[i].signals {
			var first tone // what comes first is what the message is about
			for _, t := range w.readings[s].Tokens {
				note(&found.grave, t, total, secure)
				note(&found.idle, t, idle)
				note(&first.gone, t, gone)
				if first.gone == "" {
					note(&first.strained, t, strained)
				}
			}
			found.gone = or(found.gone, first.gone)
			found.strained = or(found.strained, first.strained)
			lossy = lossy || first.strained == "" && first.gone != ""
		}
	}
	found.works = !lossy && found.strained != ""
	return found
}

func note(word *string, t read.Token, sets ...map[string]bool) {
	for _, s := range sets {
		if *word == "" && s[t.Stem] {
			*word = t.Text
		}
	}
}

func set(lists ...string) map[string]bool {
	s := map[string]bool{}
	for _, list := range lists {
		for _, w := range words(list) {
			s[w] = true
		}
	}
	return s
}
