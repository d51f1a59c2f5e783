// Package scenario tests the whole chain, from a fault to its verified heal. A scenario is a YAML file: what is
// broken (a lab's fault) or said (signals), and what Corax must make of it. In comes a file, out comes a Result:
// every expectation beside what really came out, with the evidence, the plan, its steps and the timeline, as JSON,
// JUnit or text. Package gallery makes pages of it.
//
// A live scenario brings up a lab, starts a Corax on the lab's own configuration, waits until every monitor is up,
// injects the faults, and waits for the expected end by events. A text scenario asks the engine alone. The package
// knows labs and the running Corax only through the interfaces of system.go.
//
// It must never help what it tests: nothing that a scenario expects reaches the system under test, expectations
// name roles and not the seeded names behind them, and a scenario that can't fail is refused when it is loaded.
package scenario
