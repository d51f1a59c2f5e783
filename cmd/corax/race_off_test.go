//go:build !race

package main

// sideBySide is how many live scenarios run at a time: they wait for most of theirs.
const sideBySide = 3
