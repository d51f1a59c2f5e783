// Package scenarios holds the scenario files that come with Corax, a directory a category. It is data: package scenario reads and runs it.
package scenarios

import "embed"

// Files are the shipped scenarios.
//
//go:embed */*.yaml
var Files embed.FS
