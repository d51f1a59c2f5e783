package webtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"corax"
)

// Prepared is a filled store at rest, and what was told when it was filled. Any number of sites may begin with it; each has a copy.
type Prepared struct {
	dir                               string
	healing, waiting, closed, hostile Outage
	entities                          corax.Topology
}

// Prepare fills a store in dir, which stays there for as long as sites begin with it.
func Prepare(ctx context.Context, dir string) (*Prepared, error) {
	o := Options{Dir: dir}
	o.defaults()
	s, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.fill(ctx, o.Clock.Now()), s.Store.Close()); err != nil {
		return nil, err
	}
	return &Prepared{dir: dir, healing: s.Healing, waiting: s.Waiting, closed: s.Closed, hostile: s.Hostile, entities: s.Estate.entities}, nil
}

// copyTo copies the files. Others may not read them: among them is the key.
func (p *Prepared) copyTo(dir string) error {
	files, err := os.ReadDir(p.dir)
	for _, f := range files {
		var data []byte
		if data, err = os.ReadFile(filepath.Join(p.dir, f.Name())); err == nil {
			err = os.WriteFile(filepath.Join(dir, f.Name()), data, 0o600)
		}
		if err != nil {
			break
		}
	}
	return err
}

// resume tells the site what the store holds.
func (p *Prepared) resume(s *Site) {
	s.Healing, s.Waiting, s.Closed, s.Hostile = p.healing.clone(), p.waiting.clone(), p.closed.clone(), p.hostile.clone()
	s.Estate.entities = corax.Topology{Entities: slices.Clone(p.entities.Entities), Edges: slices.Clone(p.entities.Edges)}
}

// clone gives lists of its own to who wants to change them.
func (o Outage) clone() Outage {
	o.Events, o.Decisions, o.Incidents = slices.Clone(o.Events), slices.Clone(o.Decisions), slices.Clone(o.Incidents)
	o.Approvals, o.Signals, o.Run.Steps = slices.Clone(o.Approvals), slices.Clone(o.Signals), slices.Clone(o.Run.Steps)
	return o
}
