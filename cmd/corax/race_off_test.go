//go:build !race

package main

// underRace says that the race detector slows this test down.
const underRace = false
