// Package heal carries out plans: the room at the end of the flow, and the only one that changes anything outside
// Corax.
//
// In comes the id of a plan that was recorded. Out go effects on the systems that are watched, and the record of
// each: decisions, approvals, steps, events, the states of plan and problem. A plan runs as a durable workflow: after
// a crash it resumes at the step. What a step does to the outside may then be done a second time, so its goal is
// asked for first, and its request carries the same idempotency key.
//
// The order of things, each of them in a file of its own:
//
//	confirm (monitors.go)   our own monitors must see the fault; text from outside never triggers an action by itself
//	phases  (flow.go)       one after the other; steps that must wait do, while the others go on (wait.go)
//	step    (step.go)       from the decision to the verification:
//	prepare (prepare.go)    read the facts; is there anything to do, can it be done now, is it safe
//	decide  (policy.go)     the policy's verdict, recorded before anything acts on it; deny by default
//	ask     (approval.go)   a person's yes, or no, or no answer in time, which is no
//	act     (act.go)        the stop switch, the rules once more with the intent on record, then the effect
//	verify  (act.go)        the action's own conditions and monitors, within its time
//	undo    (undo.go)       otherwise back to the last safe state, and people are told what state that is
//	hands   (hands.go)      instead of phases, where only people on site can do it: their work order, and its end
//	watch   (monitors.go)   everything green, for a set time: healed
//
// A flow holds nothing that the workflow's record can't give back; engine.go is the only file that knows the workflow
// engine, and package execute is the only one that reaches outside. Expressions (expr.go) are compiled and checked with
// the configuration (check.go).
//
// It must never act without a recorded decision, never act while a stop applies, never take an outcome that it
// doesn't know for a success, and never let a text from outside choose the host that a request goes to.
package heal
