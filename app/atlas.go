package app

import (
	"context"

	"corax"
	"corax/config"
	"corax/topology/learn"
	"corax/web/draw"
)

// atlas is what the pages of the topology, of sites, of notifications and of approvals read and set in motion.
type atlas struct{ limited }

// Topology is as it is declared.
func (c atlas) Topology() corax.Topology { return c.a.topology() }

// Learned are the relations that past outages speak for and nobody has declared.
func (c atlas) Learned(ctx context.Context) ([]draw.LearnedEdge, error) {
	ties, err := c.a.lookup.Learned(ctx)
	var edges []draw.LearnedEdge
	for _, t := range ties {
		if !t.Declared {
			edges = append(edges, draw.LearnedEdge{Edge: corax.Edge{From: t.From, To: t.To, Kind: corax.EdgeKind(t.Kind)}, Support: t.Support, Mutual: t.Kind == learn.Together})
		}
	}
	return edges, err
}

// Hands is the directory of sites.
func (c atlas) Hands(ctx context.Context) config.Hands { return c.a.hands(ctx) }

// Notify says who is told of what.
func (c atlas) Notify() config.Notify { return c.a.config().Notify }
