package chromium

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed keyboard.js
var keyboard string

// The keys that pages are used with, beside those that write.
const (
	KeyTab    = kb.Tab
	KeyEnter  = kb.Enter
	KeySpace  = " "
	KeyEscape = kb.Escape
	KeyDown   = kb.ArrowDown
	KeyRight  = kb.ArrowRight
)

// Press presses keys, one after the other, as a keyboard does: whatever has the focus gets them. A key writes as it goes down, so that a page
// that takes it for something else can keep it from being written.
func (p *Tab) Press(keys string, held ...chromedp.Modifier) {
	p.t.Helper()
	if len(held) > 0 {
		p.Do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(held...)))
		return
	}
	p.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, r := range keys {
			events := kb.Encode(r)
			if down := events[0]; len(events) == 3 {
				down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
				events = []*input.DispatchKeyEventParams{down, events[2]}
			}
			for _, e := range events {
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *e); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// Stop is what has the focus.
type Stop struct {
	Name  string   `json:"name"` // its element, and what it says; empty where nothing has the focus
	Wrong []string `json:"wrong"`
	// Index is its place among all elements of the page.
	Index int `json:"index"`
	// On says whether it is what was asked for.
	On bool `json:"on"`
}

// stop is what has the focus now, and whether a selector finds it.
func (p *Tab) stop(selector string) Stop {
	p.t.Helper()
	if !Eval[bool](p, `typeof keyboardStop !== "undefined"`) {
		p.Do(chromedp.Evaluate[chromedp.Void](keyboard + ";true"))
	}
	return Eval[Stop](p, fmt.Sprintf("keyboardStop(%q)", selector))
}

// check fails the test where the focus can't be seen, or is covered by something.
func (s Stop) check(p *Tab) {
	p.t.Helper()
	for _, wrong := range s.Wrong {
		p.t.Error(fmt.Sprintf("the focus on %s: %s", s.Name, wrong))
	}
}

// mostStops is how many stops a page may have before it counts as a trap.
const mostStops = 400

// Reach presses Tab until what a selector finds has the focus, from wherever the focus is. Each stop on the way must be seen, and follow
// the one before on the page; who comes to the end begins at the top, once.
func (p *Tab) Reach(selector string) {
	p.t.Helper()
	p.reach(selector, 1)
}

// Back is Reach with Shift and Tab, towards the top.
func (p *Tab) Back(selector string) {
	p.t.Helper()
	p.reach(selector, -1, chromedp.ModifierShift)
}

func (p *Tab) reach(selector string, way int, held ...chromedp.Modifier) {
	p.t.Helper()
	last, wrapped := p.stop(selector), false
	for range mostStops {
		p.Press(KeyTab, held...)
		now := p.stop(selector)
		if now.Name != "" {
			now.check(p)
		}
		if now.On {
			return
		}
		if back := (now.Index - last.Index) * way; back <= 0 {
			if wrapped {
				break
			}
			wrapped = true
		}
		last = now
	}
	p.t.Fatalf("no key leads to %s; the focus is on %q, and the page says:\n%s", selector, last.Name, p.state())
}

// Walk presses Tab from where the focus is to the end of the page. Every stop must be seen and follow the one before; what can be used
// with a pointer below root must be among them. It is how many stops there are.
func (p *Tab) Walk(root string) int {
	p.t.Helper()
	last := p.stop(root)
	if missed := Eval[int](p, fmt.Sprintf("keyboardExpect(%q)", root)); missed == 0 {
		return 0
	}
	for n := range mostStops {
		p.Press(KeyTab)
		now := p.stop(root)
		if now.Name == "" || now.Index <= last.Index {
			for _, missed := range Eval[[]string](p, "keyboardMissed()") {
				p.t.Error(fmt.Sprintf("no key leads to %s", missed))
			}
			return n
		}
		now.check(p)
		last = now
	}
	p.t.Error(fmt.Sprintf("the focus goes round in a trap; it is on %s", last.Name))
	return mostStops
}
