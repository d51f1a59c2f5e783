package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"corax"
	"corax/web/ui"
)

// actionWords say in plain words what a declared action does.
type actionWords struct {
	Risk    string
	Effect  string
	Repeat  string // what happens where it is interrupted
	Inverse string
	Wait    string
	Reads   []readWords
	Inputs  []inputWords
}

type readWords struct{ Name, What string }

type inputWords struct {
	Name string
	corax.Input
}

func wordsOf(a corax.Action) actionWords {
	w := actionWords{Risk: riskWords(a.Risk), Effect: callWords(a.Effect), Repeat: repeatWords(a)}
	switch {
	case a.Inverse != nil:
		w.Inverse = "It is taken back by " + a.Inverse.Action + "."
	case a.Risk == corax.Read:
		w.Inverse = "There is nothing to take back."
	default:
		w.Inverse = "It can't be taken back, so that it never runs without somebody's yes."
	}
	if a.Wait != nil {
		w.Wait = fmt.Sprintf("Before its pre-check it waits until %s, for %s at most.", a.Wait.Until, ui.Took(a.Wait.Most))
	}
	for _, r := range a.Read {
		what := callWords(r.Call)
		if r.Each {
			what += ", once for each entity that " + strings.ReplaceAll(string(a.Related), "_", " ") + " the target"
		}
		w.Reads = append(w.Reads, readWords{r.Name, what})
	}
	for _, name := range slices.Sorted(maps.Keys(a.Inputs)) {
		w.Inputs = append(w.Inputs, inputWords{name, a.Inputs[name]})
	}
	return w
}

func riskWords(r corax.Risk) string {
	switch r {
	case corax.Read:
		return "It changes nothing."
	case corax.Reversible:
		return "What it does can be taken back."
	case corax.Disruptive:
		return "Users may notice it."
	}
	return "What it does can't be undone: two operators must say yes."
}

// callWords say what a call does, with its expressions as they stand.
func callWords(c corax.Call) string {
	switch {
	case c.HTTP != nil:
		method := c.HTTP.Method
		if method == "" {
			method = "GET"
		}
		return method + " " + c.HTTP.URL
	case c.Command != nil:
		return "run the command " + c.Command.Run + argWords(c.Command.Args) + " on the machine of Corax"
	case c.SSH != nil:
		return "run the command " + c.SSH.Run + argWords(c.SSH.Args) + " on " + c.SSH.Host + " by SSH"
	case c.SQL != nil:
		return "run in the database " + c.SQL.Database + ": " + c.SQL.Statement
	case c.Process != nil:
		do := c.Process.Do
		if do == "" {
			do = "ask about"
		}
		return do + " the process " + c.Process.Name
	case c.File != nil:
		return fileWords(*c.File)
	}
	return "nothing: it only looks"
}

func argWords(args map[string]string) string {
	if len(args) == 0 {
		return ""
	}
	list := make([]string, 0, len(args))
	for _, name := range slices.Sorted(maps.Keys(args)) {
		list = append(list, name+" = "+args[name])
	}
	return " with " + strings.Join(list, ", ")
}

func fileWords(f corax.FileEdit) string {
	switch {
	case f.Content != nil:
		return "write the file " + f.Path + ", with a backup"
	case f.Block != nil:
		return "write the block " + f.Block.Name + " of the file " + f.Path + ", with a backup"
	case f.Set != nil:
		return "set " + f.Set.Name + " in the file " + f.Path + ", with a backup"
	case f.Restore != nil:
		return "put back the file " + f.Path + " from its backup"
	}
	return "read the file " + f.Path
}

func repeatWords(a corax.Action) string {
	switch {
	case a.Risk == corax.Read:
		return ""
	case a.Idempotency == corax.ByGoal || a.Idempotency == corax.Unnamed && a.Goal != "":
		return "After an interruption its goal tells whether it took effect; what took effect is not done again."
	case a.Idempotency == corax.ByNone:
		return "After an interruption nothing tells whether it took effect: the plan stops and asks people."
	case a.Idempotency == corax.ByKey:
		return "It carries a key, by which the target knows a repeat."
	}
	return "Where its executor knows a repeat by a key, it is repeated after an interruption; else the plan stops and asks people."
}

// appliesTo says what a selector picks.
func appliesTo(s corax.Selector) string {
	var parts []string
	if len(s.Kinds) > 0 {
		parts = append(parts, "every "+strings.Join(s.Kinds, " or "))
	}
	if len(s.IDs) > 0 {
		parts = append(parts, ui.List(s.IDs, 8))
	}
	for _, k := range slices.Sorted(maps.Keys(s.Labels)) {
		parts = append(parts, k+" = "+s.Labels[k])
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, " with ")
}
