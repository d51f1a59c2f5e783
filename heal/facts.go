package heal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"corax"
	"corax/heal/execute"
	"corax/vault"

	"golang.org/x/sync/errgroup"
)

// readAtOnce bounds the readings of one fact over related entities.
const readAtOnce = 8

// facts is what an action's readings found, by name.
type facts map[string]any

// job is one action on one target, with all that its expressions see.
type job struct {
	plan    corax.Plan
	step    corax.Step
	action  corax.Action
	target  corax.Entity
	problem corax.Problem
	params  map[string]any
	related []corax.Entity
	all     []corax.Entity
	before  facts
	touches []string // ids of the entities that the effect may change, the target first
	key     string   // idempotency key
	ruling  ruling   // what was decided about it; of an effect that is about to happen
	undo    bool
}

// newJob binds an action to its target. Its error is for people: it says why the action can't be carried out as the
// plan has it.
func (h *Healer) newJob(problem corax.Problem, plan corax.Plan, s corax.Step, name string,
	params map[string]string) (job, error) {
	j := job{plan: plan, step: s, problem: problem, key: corax.HashID("key", plan.ID, s.ID)}
	found := false
	for _, a := range h.o.Actions() {
		if a.Name == name {
			j.action, found = a, true
		}
	}
	if !found {
		return j, fmt.Errorf("no action %s is declared", name)
	}
	topology := h.o.Topology()
	j.all = topology.Entities
	byID := map[string]corax.Entity{}
	for _, e := range topology.Entities {
		byID[e.ID] = e
	}
	target, ok := byID[s.Target]
	if !ok {
		return j, fmt.Errorf("%s is not in the topology", s.Target)
	}
	if !j.action.AppliesTo.Matches(target) {
		return j, fmt.Errorf("action %s does not apply to %s", name, s.Target)
	}
	j.target = target
	if j.action.Related != "" {
		for _, e := range topology.Edges {
			if from, ok := byID[e.From]; ok && e.To == s.Target && e.Kind == j.action.Related {
				j.related = append(j.related, from)
			}
		}
	}
	var err error
	if j.params, err = bind(j.action, params); err != nil {
		return j, err
	}
	j.touches, err = h.touched(j, byID)
	return j, err
}

// touched evaluates what the action may touch.
func (h *Healer) touched(j job, byID map[string]corax.Entity) ([]string, error) {
	ids := []string{j.target.ID}
	for _, template := range j.action.Touches {
		id, err := h.exprs.text(context.Background(), template, j.vars(h.o.Clock.Now(), nil))
		if err != nil {
			return nil, fmt.Errorf("action %s touches %s: %w", j.action.Name, template, err)
		}
		if _, known := byID[id]; !known {
			return nil, fmt.Errorf("action %s touches %s, which is not in the topology", j.action.Name, id)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// bind gives the inputs their declared types.
func bind(a corax.Action, given map[string]string) (map[string]any, error) {
	bound := map[string]any{}
	for name, in := range a.Inputs {
		text, ok := given[name]
		if !ok || text == "" {
			text = in.Default
		}
		if text == "" {
			if in.Required {
				return nil, fmt.Errorf("action %s needs %s, and the plan doesn't give it", a.Name, name)
			}
			if in.Type == "string" || in.Type == "" {
				bound[name] = ""
			}
			continue
		}
		v, err := typed(in.Type, text)
		if err != nil {
			return nil, fmt.Errorf("input %s of action %s: %w", name, a.Name, err)
		}
		bound[name] = v
	}
	return bound, nil
}

func typed(kind, text string) (any, error) {
	switch kind {
	case "", "string":
		return text, nil
	case "int":
		return strconv.ParseInt(text, 10, 64)
	case "bool":
		return strconv.ParseBool(text)
	case "duration":
		return time.ParseDuration(text)
	}
	return nil, fmt.Errorf("unknown type %q", kind)
}

// vars are the variables of an action's expressions; see corax.Action.
func (j job) vars(now time.Time, f facts) vars {
	related := make([]any, 0, len(j.related))
	for _, e := range j.related {
		related = append(related, entityVar(e))
	}
	entities, root := map[string]any{}, map[string]any{}
	for _, e := range j.all {
		v := entityVar(e)
		entities[e.ID] = v
		if e.ID == j.problem.Diagnosis.RootCause.Entity {
			root = v
		}
	}
	d := j.problem.Diagnosis
	if f == nil {
		f = facts{}
	}
	before := j.before
	if before == nil {
		before = facts{}
	}
	return vars{
		"target": entityVar(j.target), "related": related, "root": root, "entities": entities, "params": j.params,
		"facts": map[string]any(f), "before": map[string]any(before), "it": map[string]any{}, "now": now,
		"problem": map[string]any{
			"id": j.problem.ID, "root": d.RootCause.Entity, "mechanism": d.RootCause.Mechanism, "pattern": d.Pattern,
			"severity": d.Severity.String(), "facts": orEmpty(d.RootCause.Facts),
		},
	}
}

func entityVar(e corax.Entity) map[string]any {
	name := e.Name
	if name == "" {
		name = e.ID
	}
	return map[string]any{
		"id": e.ID, "kind": e.Kind, "name": name, "labels": orEmpty(e.Labels), "attributes": orEmpty(e.Attributes),
	}
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// gather makes the action's readings in order, so that a later one may use what an earlier one found. It doesn't
// fail: what couldn't be read is a fact of the form {"error": "..."}. away names why the target itself could not be
// reached; partial says that something is missing.
func (h *Healer) gather(ctx context.Context, j job) (found facts, away error, partial bool) {
	found = facts{}
	for _, r := range j.action.Read {
		if !r.Each {
			value, gone, err := h.read(ctx, j, r, j.vars(h.o.Clock.Now(), found))
			if gone && away == nil {
				away = err
			}
			partial = partial || err != nil
			found[r.Name] = value
			continue
		}
		values, errs := make([]any, len(j.related)), make([]error, len(j.related))
		group := errgroup.Group{}
		group.SetLimit(readAtOnce)
		for n, e := range j.related {
			v := j.vars(h.o.Clock.Now(), found)
			v["it"] = entityVar(e)
			group.Go(func() error {
				values[n], _, errs[n] = h.read(ctx, j, r, v)
				return nil
			})
		}
		_ = group.Wait() // no reading returns an error: each is a fact
		each := map[string]any{}
		for n, e := range j.related {
			each[e.ID] = values[n]
		}
		found[r.Name] = each
		partial = partial || errors.Join(errs...) != nil
	}
	return found, away, partial
}

func (h *Healer) read(ctx context.Context, j job, r corax.Reading, v vars) (value any, gone bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout(j.action))
	defer cancel()
	use := j.use("reading " + r.Name)
	use.Routine = true
	out := h.calls.Run(vault.WithUse(ctx, use), r.Call, h.values(ctx, v), execute.Order{Read: true})
	if out.Outcome == execute.Done {
		return out.Value, false, nil
	}
	return failedRead(out.Text, out.Status), out.Outcome == execute.Away, errors.New(out.Text)
}

// use says what a credential is needed for.
func (j job) use(what string) vault.Use {
	return vault.Use{Who: "corax", For: what + " of " + j.action.Name, On: j.target.ID + ", plan " + j.plan.ID + " step " + j.step.ID}
}

func failedRead(text string, status int) map[string]any {
	f := map[string]any{"error": text}
	if status != 0 {
		f["status"] = int64(status)
	}
	return f
}

// integersOf turns the whole numbers of a record that was read from JSON back into integers.
func integersOf(m map[string]any) map[string]any {
	text, err := json.Marshal(m)
	if err != nil {
		return m
	}
	back, err := execute.Decode(text)
	if out, ok := back.(map[string]any); ok && err == nil {
		return out
	}
	return m
}

// record writes facts for the workflow's record, without secrets; recall reads them back.
func (h *Healer) record(f facts) json.RawMessage {
	text, err := json.Marshal(map[string]any(f))
	if err != nil {
		return json.RawMessage(`{}`)
	}
	return h.o.Redactor.JSON(text)
}

func recall(text json.RawMessage) facts {
	v, err := execute.Decode(text)
	if err != nil {
		return nil
	}
	m, _ := v.(map[string]any)
	return m
}

func timeout(a corax.Action) time.Duration {
	if a.Timeout > 0 {
		return a.Timeout
	}
	return 10 * time.Second
}
