package server

import (
	"testing"

	"corax"
	"corax/access"
)

// Attributes of entities are for operators, and what is outside of a scope for nobody within it. What is declared stays as it is.
func TestTheTopologyIsShownAsFarAsTheCallerSees(t *testing.T) {
	declared := corax.Topology{
		Entities: []corax.Entity{{ID: "shop", Attributes: map[string]string{"admin_url": "http://shop"}}, {ID: "bank", Attributes: map[string]string{"admin_url": "http://bank"}}},
		Edges:    []corax.Edge{{From: "shop", To: "bank"}},
	}
	shop := []access.Scope{{{IDs: []string{"shop"}}}}
	for _, c := range []struct {
		who                         access.Principal
		entities, edges, attributes int
	}{
		{access.Principal{Role: access.RoleAdmin}, 2, 1, 2},
		{access.Principal{Role: access.RoleOperator}, 2, 1, 2},
		{access.Principal{Role: access.RoleResponder}, 2, 1, 0},
		{access.Principal{Role: access.RoleViewer}, 2, 1, 0},
		{access.Principal{Role: access.RoleOperator, Scopes: shop}, 1, 0, 1},
		{access.Principal{Role: access.RoleViewer, Scopes: shop}, 1, 0, 0},
	} {
		got, attributes := seen(access.With(t.Context(), c.who), declared), 0
		for _, e := range got.Entities {
			attributes += len(e.Attributes)
		}
		if len(got.Entities) != c.entities || len(got.Edges) != c.edges || attributes != c.attributes {
			t.Errorf("%v sees %+v", c.who, got)
		}
	}
	if len(declared.Entities[0].Attributes) != 1 {
		t.Error("what is declared was altered")
	}
}
