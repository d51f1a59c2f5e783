//go:build race

package main

// sideBySide is how many live scenarios run at a time. The race detector leaves a small machine no room for more than one.
const sideBySide = 1

// racing says that the race detector watches.
const racing = true
