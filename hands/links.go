package hands

import (
	"context"
	"slices"
	"strings"
	"time"

	"corax"
	"corax/notify"
	"corax/notify/link"
)

// The purposes of links about work orders.
const (
	PurposeOffer = "order.offer" // accept, or can't
	PurposeWork  = "order.work"  // done, or can't
)

// Purposes are what links about work orders do.
func (d *Desk) Purposes() map[string]link.Purpose {
	return map[string]link.Purpose{PurposeOffer: pages{d}, PurposeWork: pages{d}}
}

// pages answers links. A link's id is stored with the answer that came by it, so that it works once.
type pages struct{ d *Desk }

func (p pages) language(contact string) (words, string) {
	c, _ := p.d.o.Settings().People.Contact(contact)
	return in(c.Language)
}

// Show shows the order, and what its bearer may answer now.
func (p pages) Show(ctx context.Context, g link.Grant) (link.View, error) {
	o, err := p.d.o.Store.WorkOrder(ctx, g.Subject)
	if err != nil {
		return link.View{}, err
	}
	w, lang := p.language(g.By)
	v := link.View{Language: lang, Title: w.order + " " + o.ID, Note: w.note}
	for _, s := range sections(o, w) {
		if s.heading == w.steps {
			continue
		}
		v.Lines = append(v.Lines, s.heading+"\n"+strings.Join(s.lines, "\n"))
	}
	for _, s := range o.Steps {
		text := notify.Line(s.Do)
		for _, part := range []struct{ word, text string }{{w.before, s.Check}, {w.after, s.Verify}, {w.undo, s.Undo}} {
			if part.text != "" {
				text += "\n" + part.word + ": " + notify.Line(part.text)
			}
		}
		v.Steps = append(v.Steps, text)
	}
	if o.Contact != "" {
		v.Lines = append(v.Lines, w.ask+": "+o.Contact)
	}
	if !slices.Contains(o.Spent, g.ID()) {
		v.Buttons = buttons(o, g, w)
	}
	if len(v.Buttons) == 0 {
		v.Note = ""
		v.Lines = append(v.Lines, o.Why)
	}
	return v, nil
}

// buttons are the answers that the order's state allows.
func buttons(o corax.WorkOrder, g link.Grant, w words) []link.Button {
	cannot := link.Button{Do: string(Cannot), Label: w.cannot, Key: "2"}
	switch {
	case g.Purpose == PurposeOffer && (o.State == corax.WorkContacting || o.State == corax.WorkDrafted):
		return []link.Button{{Do: string(Accept), Label: w.accept, Key: "1"}, cannot}
	case g.Purpose == PurposeWork && o.By == g.By && (o.State == corax.WorkAccepted || o.State == corax.WorkInProgress):
		return []link.Button{{Do: string(Done), Label: w.done, Key: "1"}, cannot}
	}
	return nil
}

// Act answers. What may be answered by a link is what its page shows.
func (p pages) Act(ctx context.Context, g link.Grant, do, note string) (link.View, error) {
	allowed := map[string][]Answer{PurposeOffer: {Accept, Cannot}, PurposeWork: {Done, Cannot}}[g.Purpose]
	if !slices.Contains(allowed, Answer(do)) {
		return link.View{}, corax.Errorf(corax.Invalid, "answer work order "+g.Subject, "this link can't be used for %q", do)
	}
	o, err := p.d.answer(ctx, g.Subject, Answer(do), g.By, note, g.ID())
	if err != nil {
		return link.View{}, err
	}
	w, lang := p.language(g.By)
	v := link.View{Language: lang, Title: w.thanks, Lines: []string{w.order + " " + o.ID, o.Why}}
	if o.By == g.By && o.State == corax.WorkAccepted && p.d.o.Links != nil {
		until := g.Expires.Add(time.Second) // another link than any in a message
		v.Next = p.d.o.Links.Sign(link.Grant{Purpose: PurposeWork, Subject: o.ID, By: g.By, Expires: until})
		v.NextText = w.next
	}
	return v, nil
}
