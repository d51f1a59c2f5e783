package access

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"corax"
)

// Roles are a chain: who may what a role allows may all that lower ones allow, and the zero role may nothing.
func TestRolesAreAChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		has, asked := Role(rapid.IntRange(-3, 8).Draw(t, "has")), Role(rapid.IntRange(-3, 8).Draw(t, "asked"))
		p := Principal{Role: has}
		for r := asked; r > RoleNone; r-- {
			if p.May(asked) && !p.May(r) {
				t.Fatalf("%d may %d and not %d", has, asked, r)
			}
		}
		if p.May(RoleNone) || p.May(RoleAdmin+1) || has <= RoleNone && p.May(asked) || has > RoleAdmin && p.May(asked) {
			t.Fatalf("%d may what nobody may, %d", has, asked)
		}
		if asked >= RoleViewer && asked <= RoleAdmin && has <= RoleAdmin && p.May(asked) != (has >= asked) {
			t.Fatalf("%d may %d: %t", has, asked, p.May(asked))
		}
	})
	if (Principal{Role: RoleAdmin, Scopes: []Scope{{{Kinds: []string{"x"}}}}}).May(RoleAdmin) {
		t.Error("who doesn't see everything is an admin")
	}
}

func TestRolesAsText(t *testing.T) {
	for _, r := range Roles() {
		text, err := json.Marshal(r)
		var back Role
		if err != nil || json.Unmarshal(text, &back) != nil || back != r {
			t.Errorf("%s becomes %s becomes %s", r, text, back)
		}
	}
	for _, bad := range []string{"", "none", "root", "Admin", "admin "} {
		if r, err := ParseRole(bad); corax.CodeOf(err) != corax.Invalid || r != RoleNone {
			t.Errorf("%q: %s, %v", bad, r, err)
		}
	}
	if Role(-1).String() != "none" || Role(9).String() != "none" {
		t.Error("what is no role has a name")
	}
}

func entities() *rapid.Generator[corax.Entity] {
	word := rapid.SampledFrom([]string{"", "a", "b", "c"})
	return rapid.Custom(func(t *rapid.T) corax.Entity {
		return corax.Entity{ID: word.Draw(t, "id"), Kind: word.Draw(t, "kind"), Labels: map[string]string{"x": word.Draw(t, "x"), "y": word.Draw(t, "y")}}
	})
}

func scopesOf() *rapid.Generator[Scope] {
	word := rapid.SampledFrom([]string{"a", "b", "c"})
	selector := rapid.Custom(func(t *rapid.T) corax.Selector {
		x := corax.Selector{IDs: rapid.SliceOfN(word, 0, 2).Draw(t, "ids"), Kinds: rapid.SliceOfN(word, 0, 2).Draw(t, "kinds"),
			Labels: rapid.MapOfN(rapid.SampledFrom([]string{"x", "y", "id", "kind", "label:id"}), word, 0, 2).Draw(t, "labels")}
		if len(x.IDs)+len(x.Kinds)+len(x.Labels) == 0 {
			x.IDs = []string{"a"}
		}
		return x
	})
	return rapid.Custom(func(t *rapid.T) Scope { return rapid.SliceOfN(selector, 0, 3).Draw(t, "scope") })
}

// More scopes never show more.
func TestScopesOnlyTakeAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, one, two := entities().Draw(t, "entity"), scopesOf().Draw(t, "one"), scopesOf().Draw(t, "two")
		a, b := Principal{Scopes: []Scope{one}}, Principal{Scopes: []Scope{one, two}}
		if b.Sees(e) && !a.Sees(e) || b.Sees(e) != (one.Includes(e) && two.Includes(e)) {
			t.Fatalf("%s and %s on %+v", one, two, e)
		}
		if !(Principal{}).Sees(e) || (Principal{Scopes: []Scope{nil}}).Limited() || !(Principal{Scopes: []Scope{nil, {{}}}}).Limited() {
			t.Fatal("an empty scope limits, or a full one doesn't")
		}
	})
}

func TestScopesAsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, e := scopesOf().Draw(t, "scope"), entities().Draw(t, "entity")
		back, err := ParseScope(s.Texts()...)
		if err != nil || back.String() != s.String() || back.Includes(e) != s.Includes(e) || CheckScope(s) != nil {
			t.Fatalf("%s comes back as %s, %v", s, back, err)
		}
	})
	for _, bad := range []string{"team", "=x", "team=", "team=a,team=b", "label:=x", ",", "team=a,"} {
		if s, err := ParseScope(bad); corax.CodeOf(err) != corax.Invalid {
			t.Errorf("%q is read as %s, %v", bad, s, err)
		}
	}
	if corax.CodeOf(CheckScope(Scope{{}})) != corax.Invalid {
		t.Error("a selector that picks nothing is a scope")
	}
}

func TestActors(t *testing.T) {
	for _, c := range []struct {
		p    Principal
		want corax.Actor
	}{
		{Principal{Name: "local", Via: corax.ViaLocal}, corax.Actor{Name: "claimed", Via: corax.ViaLocal}},
		{Principal{Name: "ann", Via: corax.ViaSession}, corax.Actor{Name: "ann", Via: corax.ViaSession}},
		{Principal{Name: "ann", Via: corax.ViaIssued}, corax.Actor{Name: "ann", Via: corax.ViaIssued}},
	} {
		if got := throughContext(t, c.p).Actor("claimed"); got != c.want {
			t.Errorf("%+v acts as %+v", c.p, got)
		}
	}
	if From(t.Context()).Known() {
		t.Error("a context without a principal knows somebody")
	}
}

// throughContext is the principal, by way of a context.
func throughContext(t *testing.T, p Principal) Principal { return From(With(t.Context(), p)) }
