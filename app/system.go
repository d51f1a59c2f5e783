package app

import (
	"context"

	"corax"
	"corax/config"
	"corax/health"
	"corax/knowledge"
	"corax/server"
)

// system is what the API tells of Corax itself.
type system struct{ controls }

func (s system) Topology() corax.Topology        { return s.a.topology() }
func (s system) Catalogue() *knowledge.Catalogue { return s.a.o.Knowledge }

func (s system) Sites(ctx context.Context) []server.Site {
	h := s.a.hands(ctx)
	out := make([]server.Site, len(h.Sites))
	for n, x := range h.Sites {
		out[n] = server.Site{Name: x.Name, Title: x.Title, Address: x.Address, Access: x.Access, Safety: x.Safety, Leave: x.Leave, Contact: x.Contact}
		for _, r := range x.Ladder {
			out[n].Ladder = append(out[n].Ladder, server.Rung{Contact: r.Contact, Channels: r.Channels, Wait: r.Wait.Seconds()})
		}
		for _, p := range h.Places {
			if p.Site == x.Name {
				out[n].Places, out[n].Leave = append(out[n].Places, placeOf(p)), append(out[n].Leave[:len(out[n].Leave):len(out[n].Leave)], p.Leave...)
			}
		}
	}
	return out
}

func placeOf(p config.Place) corax.Place {
	return corax.Place{Entity: p.Entity, Site: p.Site, Room: p.Room, Rack: p.Rack, Unit: p.Unit, Marking: p.Marking, Note: p.Note}
}

// Health says how Corax itself is.
func (s system) Health(ctx context.Context) health.Report { return health.Judge(s.a.vitals(ctx)) }
