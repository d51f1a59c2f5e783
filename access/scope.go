package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"corax"
)

// CheckScope says what is wrong with a scope; Invalid. An empty selector is refused: it would pick nothing, and look like everything.
func CheckScope(s Scope) error {
	if len(s) > 50 {
		return corax.Errorf(corax.Invalid, "limit to a scope", "more than 50 selectors")
	}
	for _, x := range s {
		if len(x.IDs)+len(x.Kinds)+len(x.Labels) == 0 {
			return &corax.Error{Code: corax.Invalid, Op: "limit to a scope", Err: errors.New("a selector is empty"), Hint: "name ids, kinds or labels of entities"}
		}
	}
	return nil
}

// ParseScope reads selectors as people write them, one a text: "team=shop,tier=1" by labels, "kind=service", "id=login". What stands in
// one must all match; of several kinds or ids in one, any; of several texts, any. "label:kind=x" is for a label that is called kind or id.
func ParseScope(texts ...string) (Scope, error) {
	var out Scope
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		var x corax.Selector
		for part := range strings.SplitSeq(text, ",") {
			name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
			label, forced := strings.CutPrefix(name, "label:")
			switch {
			case !ok || label == "" || value == "":
				return nil, &corax.Error{Code: corax.Invalid, Op: "read a scope", Err: fmt.Errorf("%q is not name=value", part),
					Hint: "write team=shop, kind=service or id=login"}
			case !forced && name == "id":
				x.IDs = append(x.IDs, value)
			case !forced && name == "kind":
				x.Kinds = append(x.Kinds, value)
			default:
				if was, twice := x.Labels[label]; twice && was != value {
					return nil, corax.Errorf(corax.Invalid, "read a scope", "label %s can't be both %q and %q", label, was, value)
				}
				if x.Labels == nil {
					x.Labels = map[string]string{}
				}
				x.Labels[label] = value
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// String writes a scope as ParseScope reads it, its selectors apart by "; ".
func (s Scope) String() string { return strings.Join(s.Texts(), "; ") }

// Texts writes each selector of a scope as ParseScope reads it.
func (s Scope) Texts() []string {
	all := make([]string, len(s))
	for i, x := range s {
		var parts []string
		for _, id := range x.IDs {
			parts = append(parts, "id="+id)
		}
		for _, k := range x.Kinds {
			parts = append(parts, "kind="+k)
		}
		for _, k := range slices.Sorted(maps.Keys(x.Labels)) {
			name := k
			if k == "id" || k == "kind" || strings.HasPrefix(k, "label:") {
				name = "label:" + k
			}
			parts = append(parts, name+"="+x.Labels[k])
		}
		all[i] = strings.Join(parts, ",")
	}
	return all
}
