//go:build !unix

package main

import "time"

// processor is how much time the process has had of the processors; 0 where that can't be told.
func processor() time.Duration { return 0 }
