package monitor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"time"

	"corax"
	"corax/config"
)

// logProbe follows files. Lines that a rule picks become signals of their own; the probe's own state is only whether
// it can read.
type logProbe struct {
	env    environment
	spec   config.Monitor
	follow follower
	read   reader
	rules  []rule
	folds  *folds
	loaded bool
	fresh  []told // folds that were touched in this run, in the order of their first line
}

// told is a line that stands for its fold in this run.
type told struct {
	fold *fold
	rule rule
	rec  record
}

func newLog(m config.Monitor, env environment) (Probe, error) {
	rules, err := newRules(m.Log.Rules)
	if err != nil {
		return nil, err
	}
	return &logProbe{
		env: env, spec: m, follow: follower{pattern: m.Log.Path, fromStart: m.Log.FromStart},
		read: newReader(*m.Log), rules: rules, folds: newFolds(cmp.Or(m.Log.Quiet, 5*time.Minute)),
	}, nil
}

func (p *logProbe) Probe(ctx context.Context) corax.ProbeResult {
	if err := p.load(ctx); err != nil {
		return p.failed(err)
	}
	seen, first := 0, !p.follow.looked
	files, err := p.follow.poll(ctx, func(_ string, line []byte, cut bool) {
		seen++
		p.line(line, cut)
	}, func() bool { return !p.env.full() })
	signals := p.signals()
	if seen > 0 || first || len(signals) > 0 {
		p.env.emit(signals, p.save())
	}
	if err != nil {
		return p.failed(err)
	}
	message := fmt.Sprintf("follows %d files", files)
	if files == 0 {
		message = "no file matches " + p.spec.Log.Path + " yet"
	}
	attributes := map[string]string{"files": strconv.Itoa(files)}
	return corax.ProbeResult{State: corax.MonitorUp, Message: message, Attributes: attributes}
}

func (p *logProbe) failed(err error) corax.ProbeResult {
	return corax.ProbeResult{
		State: corax.MonitorDown, Message: "the log can't be read: " + excerpt([]byte(err.Error()), 300),
		Attributes: map[string]string{"class": classFile},
	}
}

// line counts a line under the first rule that picks it.
func (p *logProbe) line(line []byte, cut bool) {
	rec := p.read.read(line, cut)
	if rec.message == "" {
		return
	}
	for _, r := range p.rules {
		if !r.matches(rec) {
			continue
		}
		if rec.entity == "" {
			rec.entity = p.spec.Entity
		}
		text := rec.message
		if r.kind == corax.Symptom || r.kind == corax.Note {
			text = mask(text) // of changes and recoveries each one counts, by its ids too
		}
		if r.kind == corax.Recovery {
			p.forget(rec.entity, corax.Symptom)
		}
		now := p.env.clock.Now()
		f := p.folds.add(scope{r.name, rec.entity}, text, now)
		switch {
		case !p.folds.due(f, now):
		case f.told == 0:
			f.tell(now)
			p.fresh = append(p.fresh, told{f, r, rec})
			if r.kind == corax.Symptom {
				p.forget(rec.entity, corax.Recovery)
			}
		default:
			p.again(told{f, r, rec})
		}
		return
	}
}

// again tells of a fold once more in this run: one signal a run, with the latest line and count.
func (p *logProbe) again(t told) {
	for i := range p.fresh {
		if p.fresh[i].fold == t.fold {
			p.fresh[i].rec = t.rec
			return
		}
	}
	p.fresh = append(p.fresh, t)
}

// forget lets the next line of that kind about the entity be told at once: after a recovery a symptom is news, and
// the other way round.
func (p *logProbe) forget(entity string, kind corax.SignalKind) {
	for _, r := range p.rules {
		if r.kind == kind {
			p.folds.forget(scope{r.name, entity})
		}
	}
}

// signals makes what is to be told of this run's lines, in the order of the lines.
func (p *logProbe) signals() []corax.Signal {
	now := p.env.clock.Now()
	var all []corax.Signal
	for _, t := range p.fresh {
		t.fold.tell(now)
		if t.rule.kind != corax.Recovery {
			all = append(all, p.signal(t, t.rule, now))
			continue
		}
		for _, r := range p.rules { // it ends each symptom that this monitor can report of the entity
			if r.kind == corax.Symptom {
				all = append(all, p.signal(t, r, now))
			}
		}
	}
	p.fresh = nil
	return all
}

// signal makes one signal under the fingerprint of a rule: the symptom's own, or the one that a recovery ends.
func (p *logProbe) signal(t told, of rule, now time.Time) corax.Signal {
	source := "monitor/" + p.spec.Name
	s := corax.Signal{
		At: t.rec.at, Source: source, Kind: t.rule.kind, Entity: t.rec.entity, Message: t.rec.message,
		Fingerprint: corax.HashID("fp", "monitor", p.spec.Name, of.name, t.rec.entity),
		Labels:      maps.Clone(p.spec.Labels), Attributes: maps.Clone(t.rec.describe),
	}
	if s.At.IsZero() || s.At.After(now) {
		s.At = now // a clock that is ahead must not put signals into the future
	}
	if s.Attributes == nil {
		s.Attributes = map[string]string{}
	}
	s.Attributes["count"], s.Attributes["rule"] = strconv.Itoa(t.fold.count), t.rule.name
	if t.rec.level != "" {
		s.Attributes["level"] = t.rec.level
	}
	if t.rule.kind == corax.Symptom {
		ends := now.Add(p.folds.quiet)
		byLevel, _ := severe(t.rec.level)
		s.EndsAt, s.Severity = &ends, cmp.Or(t.rule.severity, p.spec.Severity, byLevel)
	}
	s.ID = corax.HashID("sig", source, s.Fingerprint, stamp(s.At), string(s.Kind), s.Message, s.Attributes["count"])
	return s
}

func (p *logProbe) load(ctx context.Context) error {
	if p.loaded || p.env.checkpoint == nil {
		p.loaded = true
		return nil
	}
	data, err := p.env.checkpoint.Load(ctx, p.spec.Name)
	if err != nil {
		return fmt.Errorf("find out how far it was read: %w", err)
	}
	if len(data) > 0 {
		p.follow.resumed = json.Unmarshal(data, &p.follow.known) == nil
	}
	if len(data) > 0 && !p.follow.resumed {
		p.env.log.Warn("a log's saved place can't be read, and is not used", slog.String("monitor", p.spec.Name))
	}
	p.loaded = true
	return nil
}

// save gives what is to be done once everything up to here is stored: only then the lines count as read.
func (p *logProbe) save() func() {
	if p.env.checkpoint == nil {
		return nil
	}
	data, err := json.Marshal(p.follow.marks())
	if err != nil {
		return nil
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := p.env.checkpoint.Save(ctx, p.spec.Name, data); err != nil {
			p.env.log.Warn("keep how far a log was read", "monitor", p.spec.Name, "error", err)
		}
	}
}

// Close lets go of the files. No run is under way.
func (p *logProbe) Close() error {
	p.follow.close()
	return nil
}
