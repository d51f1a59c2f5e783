//go:build race

package main

// sideBySide is how many live scenarios run at a time. The race detector leaves a small machine no room for more than one.
const sideBySide = 1
