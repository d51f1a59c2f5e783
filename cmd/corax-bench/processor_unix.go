//go:build unix

package main

import (
	"syscall"
	"time"
)

// processor is how much time the process has had of the processors; 0 where that can't be told.
func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
