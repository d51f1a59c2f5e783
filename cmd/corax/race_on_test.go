//go:build race

package main

// sideBySide is how many live scenarios run at a time. The race detector leaves a small machine no room for more than one: their times are held
// against what users are promised.
const sideBySide = 1
