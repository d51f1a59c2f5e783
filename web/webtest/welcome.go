package webtest

// FirstSteps remember whether there is a sample.
type FirstSteps struct{ sample bool }

// Sample is as it was set.
func (f *FirstSteps) Sample() bool { return f.sample }

// SetSample remembers.
func (f *FirstSteps) SetSample(there bool) error { f.sample = there; return nil }
