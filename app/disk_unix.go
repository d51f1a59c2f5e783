//go:build linux || darwin

package app

import "syscall"

// free is how much room the disk of a directory has for us, in bytes; below zero where it can't be told.
func free(dir string) int64 {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return -1
	}
	return int64(s.Bavail) * int64(s.Bsize) //nolint:gosec,unconvert // the types differ from system to system
}
