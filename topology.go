package corax

// Entity is what signals are about: a service, a host, a device, a key. A node of the topology.
type Entity struct {
	ID         string            `json:"id" yaml:"id"`
	Kind       string            `json:"kind,omitempty" yaml:"kind"`             // service, host, database, certificate ...; free text, lower case
	Name       string            `json:"name,omitempty" yaml:"name"`             // for people; the id where empty
	Aliases    []string          `json:"aliases,omitempty" yaml:"aliases"`       // other names by which messages call it
	Labels     map[string]string `json:"labels,omitempty" yaml:"labels"`         // what policies and selectors match
	Attributes map[string]string `json:"attributes,omitempty" yaml:"attributes"` // addresses and facts that actions use: admin_url
}

// EdgeKind says how one entity needs another. The direction is always from the one that feels a fault to the one that has it.
type EdgeKind string

// The kinds of edges.
const (
	DependsOn  EdgeKind = "depends_on"  // calls it
	RunsOn     EdgeKind = "runs_on"     // is carried by it
	ConnectsTo EdgeKind = "connects_to" // reaches others through it
	TrustsIn   EdgeKind = "trusts"      // verifies what it issues: tokens, certificates, names
)

// Edge is one typed relation: From needs To.
type Edge struct {
	From string   `json:"from" yaml:"from"`
	To   string   `json:"to" yaml:"to"`
	Kind EdgeKind `json:"kind,omitempty" yaml:"kind"`
}

// Topology is the graph of entities. Its queries live in package topology.
type Topology struct {
	Entities []Entity `json:"entities,omitempty" yaml:"entities"`
	Edges    []Edge   `json:"edges,omitempty" yaml:"edges"`
}
