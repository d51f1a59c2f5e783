package scenario

import _ "embed"

// schema is never altered; Schema hands out copies.
//
//go:embed schema.json
var schema []byte

// Schema is the JSON schema of scenario files, for editors and for those who generate them.
func Schema() []byte { return append([]byte(nil), schema...) }
