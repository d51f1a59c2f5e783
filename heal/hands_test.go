package heal

import (
	"context"
	"strings"
	"sync"
	"testing"

	"corax"
	"corax/store"
)

// crew is people on site whose answers the test gives.
type crew struct {
	mu        sync.Mutex
	order     corax.WorkOrder
	made      int
	withdrawn string
	asked     chan struct{} // closed when an order was made
}

func newCrew() *crew { return &crew{asked: make(chan struct{})} }

func (c *crew) Order(_ context.Context, plan corax.Plan, p corax.Problem) (corax.WorkOrder, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.order.ID == "" {
		c.made++
		c.order = corax.WorkOrder{ID: "wo-1", Plan: plan.ID, Problem: p.ID, State: corax.WorkContacting}
		close(c.asked)
	}
	return c.order, nil
}

func (c *crew) OrderOf(context.Context, string) (corax.WorkOrder, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.order.ID == "" {
		return c.order, corax.Errorf(corax.NotFound, "", "none")
	}
	return c.order, nil
}

func (c *crew) Withdraw(_ context.Context, _, why string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.withdrawn, c.order.State = why, corax.WorkCancelled
	return nil
}

func (c *crew) set(change func(*corax.WorkOrder)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.order)
}

// onSite starts the steps as a plan for people on site, and waits until they are asked.
func onSite(t *testing.T) (*bench, *crew) {
	c := newCrew()
	b := newBench(t, func(o *Options) { o.Hands = c })
	id := b.store.record(theSteps())
	b.store.mu.Lock()
	run := b.store.Plans[id]
	run.Plan.Mode = corax.RemoteHands
	b.store.Plans[id] = run
	b.store.mu.Unlock()
	if err := b.healer.Run(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.asked:
	case <-t.Context().Done():
	}
	b.escalation("People on site are asked", "wo-1")
	return b, c
}

func TestPeopleOnSiteHealIt(t *testing.T) {
	b, c := onSite(t)
	b.healer.Stop()
	b.start() // goes on waiting, and asks nobody again
	b.world.set(func() { b.world.Signing = "k1" })
	c.set(func(o *corax.WorkOrder) {
		o.State, o.By, o.Why = corax.WorkVerified, "ada", "its monitors have been green"
	})
	run := b.ends(corax.PlanDone, corax.ProblemClosed)
	for _, s := range run.Steps {
		if s.State != corax.StepDone || s.Result != "work order wo-1" {
			t.Errorf("%+v", s)
		}
	}
	if c.made != 1 || len(b.world.requests) > 0 {
		t.Errorf("%d orders, requests %v", c.made, b.world.requests)
	}
}

func TestPeopleOnSiteCanNot(t *testing.T) {
	b, c := onSite(t)
	c.set(func(o *corax.WorkOrder) { o.State, o.Why = corax.WorkDeclined, "everybody who was asked can't" })
	b.escalation("wo-1 is declined", "everybody who was asked can't", "Nothing is left changed")
	b.ends(corax.PlanStopped, corax.ProblemOpen)
}

func TestWorkIsWithdrawnWithItsPlan(t *testing.T) {
	b, c := onSite(t)
	c.set(func(o *corax.WorkOrder) { o.State, o.By = corax.WorkAccepted, "ada" })
	if err := b.healer.Withdraw(t.Context(), "pln-1", "it went away"); corax.CodeOf(err) != corax.Conflict || !strings.Contains(err.Error(), "are at it") {
		t.Errorf("taken from who is at it: %v", err)
	}
	c.set(func(o *corax.WorkOrder) { o.State, o.By = corax.WorkContacting, "" })
	if err := b.healer.Withdraw(t.Context(), "pln-1", "it went away"); err != nil {
		t.Fatal(err)
	}
	b.ends(corax.PlanWithdrawn, corax.ProblemOpen)
	b.healer.Stop()
	b.start() // the flow notices, if it had not yet
	until := func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.withdrawn != "" }
	for !until() {
		if err := pause(t.Context(), b.o.RetryEvery, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAKillSwitchEndsTheWork(t *testing.T) {
	b, c := onSite(t)
	b.store.mu.Lock()
	b.store.Thrown = append(b.store.Thrown, store.Stop{Scope: "auth", Reason: "test"})
	b.store.mu.Unlock()
	b.ends(corax.PlanStopped, corax.ProblemOpen)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.withdrawn == "" {
		t.Error("people go on")
	}
}
