package app

import (
	"corax"
	"corax/config"
)

// atlas is what the pages of the topology, of sites, of notifications and of approvals read and set in motion.
type atlas struct{ limited }

// Topology is as it is declared.
func (c atlas) Topology() corax.Topology { return c.a.topology() }

// Hands is the directory of sites.
func (c atlas) Hands() config.Hands { return c.a.config().Hands }

// Notify says who is told of what.
func (c atlas) Notify() config.Notify { return c.a.config().Notify }
