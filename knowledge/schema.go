package knowledge

import (
	_ "embed"
	"slices"
)

// schema is never altered; Schema hands out copies.
//
//go:embed schema.json
var schema []byte

// Schema is the JSON schema of the catalogue's files, for editors and for those who generate them.
func Schema() []byte { return slices.Clone(schema) }
