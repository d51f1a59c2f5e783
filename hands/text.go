package hands

import (
	"encoding/json"
	"fmt"
	"strings"

	"corax"
	"corax/notify"
)

// Lengths of texts, in runes: a text message of two parts, and what somebody listens to.
const (
	maxShort  = 280
	maxSpeech = 900
)

// words are what a work order says in one language. The steps and the fault are in the knowledge's own.
type words struct {
	order, where, site, room, rack, unit, marking  string
	what, steps, before, after, undo               string
	leave, checks, checksText, access, safety, ask string
	answer, reply, dueBy, acceptBy                 string
	say                                            map[corax.UtteranceKind]sentence
	accept, done, cannot, note, thanks             string
	next                                           string
}

// sentence is how an utterance begins, as text and spoken; %s is the order, the entity, the site, and what is added.
type sentence struct{ text, speech, keys string }

var languages = map[string]words{
	"en": {
		order: "Work order", where: "WHERE", site: "Site", room: "Room", rack: "Rack", unit: "Unit", marking: "Marked",
		what: "WHAT IS WRONG", steps: "WHAT TO DO, IN THIS ORDER", before: "Before", after: "Then", undo: "If it goes wrong",
		leave: "DO NOT TOUCH", checks: "HOW IT WILL BE VERIFIED", checksText: "Corax's monitors must turn green and stay green: %s",
		access: "ACCESS", safety: "SAFETY", ask: "Questions", answer: "ANSWER", reply: "Or call the control room, or use: corax hands accept|done|cannot %s",
		acceptBy: "Please answer by %s.", dueBy: "To be done by %s.",
		accept: "I will do it", done: "It is done", cannot: "I can't", note: "Note (optional)", thanks: "Thank you",
		next: "Open this when it is done",
		say: map[corax.UtteranceKind]sentence{
			corax.SayOffer: {"Can you do this work?", "This is Corax with a work order for %[2]s at %[3]s. %[4]s Please answer by the link that was sent to you, or call back.",
				"Press 1 if you will do it. Press 2 if you can't."},
			corax.SayAccepted: {"Thank you, it is yours. Say when it is done.", "Thank you. The work on %[2]s at %[3]s is yours.", "Press 1 when it is done. Press 2 if you can't do it."},
			corax.SayRemind:   {"This work is late. Is it done?", "This is Corax. The work on %[2]s at %[3]s is late.", "Press 1 if it is done. Press 2 if you can't do it."},
			corax.SayReopened: {"Not done yet: monitors are still red.", "This is Corax. The work on %[2]s at %[3]s is not done yet. Monitors are still red.", "Press 1 when it is done. Press 2 if you can't do it."},
			corax.SayVerified: {"Verified: all monitors are green. Thank you.", "Thank you. The work on %[2]s at %[3]s is verified.", ""},
			corax.SayOver:     {"This work is not needed from you any more.", "This is Corax. The work on %[2]s at %[3]s is not needed from you any more.", ""},
		},
	},
	"de": {
		order: "Arbeitsauftrag", where: "WO", site: "Standort", room: "Raum", rack: "Schrank", unit: "Einschub", marking: "Beschriftung",
		what: "WAS IST KAPUTT", steps: "WAS ZU TUN IST, IN DIESER REIHENFOLGE", before: "Vorher", after: "Danach", undo: "Wenn es schiefgeht",
		leave: "NICHT ANFASSEN", checks: "SO WIRD GEPRÜFT", checksText: "Die Monitore von Corax müssen grün werden und grün bleiben: %s",
		access: "ZUTRITT", safety: "SICHERHEIT", ask: "Fragen", answer: "ANTWORT", reply: "Oder in der Leitstelle anrufen, oder: corax hands accept|done|cannot %s",
		acceptBy: "Bitte antworten bis %s.", dueBy: "Zu erledigen bis %s.",
		accept: "Ich übernehme das", done: "Erledigt", cannot: "Ich kann nicht", note: "Bemerkung (freiwillig)", thanks: "Danke",
		next: "Hier öffnen, wenn es erledigt ist",
		say: map[corax.UtteranceKind]sentence{
			corax.SayOffer: {"Können Sie diese Arbeit übernehmen?", "Hier ist Corax mit einem Arbeitsauftrag für %[2]s am Standort %[3]s. %[4]s Bitte antworten Sie über den Link, den Sie bekommen haben, oder rufen Sie zurück.",
				"Drücken Sie 1, wenn Sie es übernehmen. Drücken Sie 2, wenn Sie nicht können."},
			corax.SayAccepted: {"Danke, es ist Ihr Auftrag. Bitte melden Sie, wenn es erledigt ist.", "Danke. Die Arbeit an %[2]s am Standort %[3]s ist Ihr Auftrag.", "Drücken Sie 1, wenn es erledigt ist. Drücken Sie 2, wenn Sie nicht können."},
			corax.SayRemind:   {"Diese Arbeit ist überfällig. Ist sie erledigt?", "Hier ist Corax. Die Arbeit an %[2]s am Standort %[3]s ist überfällig.", "Drücken Sie 1, wenn sie erledigt ist. Drücken Sie 2, wenn Sie nicht können."},
			corax.SayReopened: {"Noch nicht erledigt: Monitore sind noch rot.", "Hier ist Corax. Die Arbeit an %[2]s am Standort %[3]s ist noch nicht erledigt. Monitore sind noch rot.", "Drücken Sie 1, wenn sie erledigt ist. Drücken Sie 2, wenn Sie nicht können."},
			corax.SayVerified: {"Geprüft: alle Monitore sind grün. Danke.", "Danke. Die Arbeit an %[2]s am Standort %[3]s ist geprüft.", ""},
			corax.SayOver:     {"Diese Arbeit wird von Ihnen nicht mehr gebraucht.", "Hier ist Corax. Die Arbeit an %[2]s am Standort %[3]s wird von Ihnen nicht mehr gebraucht.", ""},
		},
	},
}

// in gives the words of a language, and the language that they are in.
func in(lang string) (words, string) {
	if w, ok := languages[lang]; ok {
		return w, lang
	}
	return languages["en"], "en"
}

// title names the order in every language.
func title(o corax.WorkOrder) string {
	return notify.Clip(notify.Line(fmt.Sprintf("[%s] %s: %s, %s", strings.ToUpper(o.Severity.String()), o.ID, o.Place.Entity, o.Place.Site)), 120)
}

// compose writes an utterance: as a page, as a text message, as speech, and for programs.
func compose(o corax.WorkOrder, u corax.Utterance, lang string) corax.Notice {
	w, lang := in(lang)
	s := w.say[u.Kind]
	added := notify.Clip(notify.Line(u.Text), 300)
	n := corax.Notice{ID: u.ID, At: o.Log[len(o.Log)-1].At, Kind: corax.NoticeWork, Lang: lang, Text: page(o, u, w)}
	until := u.Until
	switch u.Kind {
	case corax.SayOffer:
		n.Offers, n.Until = PurposeOffer, &until
	case corax.SayAccepted, corax.SayRemind, corax.SayReopened:
		n.Offers, n.Until = PurposeWork, &until
	}
	spot := strings.Join(spot(o.Place, w), ", ")
	short := []string{o.ID + ": " + s.text, o.Place.Entity, spot}
	spoken := added
	if u.Kind == corax.SayOffer {
		short = append(short, o.What)
		spoken = spot + ". " + notify.Clip(notify.Line(o.What), 300)
		if len(o.Leave) > 0 {
			spoken += " " + w.leave + ": " + strings.Join(o.Leave[:min(len(o.Leave), 3)], ", ") + "."
		}
	} else if added != "" {
		short = append(short, added)
	}
	n.Short = notify.Clip(notify.Line(strings.Join(short, ". ")), maxShort)
	n.Keys = s.keys
	speech := s.speech
	if !strings.Contains(speech, "%[4]s") {
		speech += " %[4]s"
	}
	n.Speech = notify.Clip(notify.Line(fmt.Sprintf(strings.Replace(speech, "%[2]s", "%[1]s", 1), o.Place.Entity, o.Place.Entity, o.Place.Site, spoken)), maxSpeech)
	n.Data, _ = json.Marshal(map[string]any{"id": u.ID, "kind": string(n.Kind), "say": u.Kind, "text": s.text, "note": added, "order": public(o)})
	return n
}

// public is the order without what is only ours.
func public(o corax.WorkOrder) corax.WorkOrder {
	o.Log, o.Spent, o.Unsent = nil, nil, nil
	return o
}

// spot says where something stands, from the large to the small.
func spot(p corax.Place, w words) []string {
	var parts []string
	for _, part := range []struct{ word, value string }{
		{w.room, p.Room}, {w.rack, p.Rack}, {w.unit, p.Unit}, {w.marking, p.Marking},
	} {
		if part.value != "" {
			parts = append(parts, part.word+" "+part.value)
		}
	}
	if len(parts) == 0 {
		parts = append(parts, p.Site)
	}
	return parts
}

// page is the order as a text of its own: everything that somebody needs in front of the rack.
func page(o corax.WorkOrder, u corax.Utterance, w words) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", w.say[u.Kind].text)
	if u.Text != "" {
		line("%s", u.Text)
	}
	line("\n%s %s", w.order, o.ID)
	if u.Kind == corax.SayVerified || u.Kind == corax.SayOver {
		return b.String()
	}
	switch {
	case u.Kind == corax.SayOffer:
		line(w.acceptBy, clock(o.AcceptBy))
	case o.DoneBy != nil:
		line(w.dueBy, clock(*o.DoneBy))
	}
	for _, s := range sections(o, w) {
		line("\n%s", s.heading)
		for _, l := range s.lines {
			line("%s", l)
		}
	}
	line("\n%s", w.answer)
	if o.Contact != "" {
		line("%s: %s", w.ask, o.Contact)
	}
	line(w.reply, o.ID)
	return b.String()
}

type section struct {
	heading string
	lines   []string
}

// sections are the parts of an order, those without content left out.
func sections(o corax.WorkOrder, w words) []section {
	where := append([]string{o.Place.Entity, w.site + ": " + o.Place.Site}, spot(o.Place, w)...)
	if o.Place.Note != "" {
		where = append(where, o.Place.Note)
	}
	all := []section{{w.where, where}, {w.what, []string{o.What}}, {w.steps, numbered(o.Steps, w)}, {w.leave, dashed(o.Leave)},
		{w.checks, []string{fmt.Sprintf(w.checksText, strings.Join(o.Checks, ", "))}}, {w.safety, dashed(o.Safety)}, {w.access, dashed(o.Access)}}
	var kept []section
	for _, s := range all {
		if len(s.lines) > 0 {
			kept = append(kept, s)
		}
	}
	return kept
}

func numbered(steps []corax.WorkStep, w words) []string {
	var lines []string
	for i, s := range steps {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, notify.Line(s.Do)))
		for _, part := range []struct{ word, text string }{{w.before, s.Check}, {w.after, s.Verify}, {w.undo, s.Undo}} {
			if part.text != "" {
				lines = append(lines, "   "+part.word+": "+notify.Line(part.text))
			}
		}
	}
	return lines
}

func dashed(list []string) []string {
	lines := make([]string, len(list))
	for i, l := range list {
		lines[i] = "- " + notify.Line(l)
	}
	return lines
}
