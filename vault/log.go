package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// LogHandler gives log records on to another handler without secrets: message, names of groups aside, and values of
// every kind.
type LogHandler struct {
	to slog.Handler
	r  *Redactor
}

// LogHandler makes one.
func (r *Redactor) LogHandler(to slog.Handler) slog.Handler { return LogHandler{to, r} }

// Enabled asks the handler below.
func (h LogHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.to.Enabled(ctx, l) }

// Handle gives a redacted copy on.
func (h LogHandler) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, h.r.Redact(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.attr(a))
		return true
	})
	return h.to.Handle(ctx, out)
}

// WithAttrs redacts attributes that all records get.
func (h LogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = h.attr(a)
	}
	return LogHandler{h.to.WithAttrs(out), h.r}
}

// WithGroup opens a group.
func (h LogHandler) WithGroup(name string) slog.Handler { return LogHandler{h.to.WithGroup(name), h.r} }

func (h LogHandler) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		group := v.Group()
		out := make([]slog.Attr, len(group))
		for i, g := range group {
			out[i] = h.attr(g)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(out...)}
	case slog.KindString:
		return slog.String(a.Key, h.r.Field(a.Key, v.String()))
	case slog.KindAny:
		// Whatever the handler below would make of it, its text must hold nothing; where it does, the text is what is logged.
		text := fmt.Sprintf("%+v", v.Any())
		if shown := h.r.Redact(text); shown != text {
			return slog.String(a.Key, shown)
		}
		if err, ok := v.Any().(error); ok {
			return slog.String(a.Key, err.Error())
		}
		if doc, err := json.Marshal(v.Any()); err == nil && len(h.r.spans(string(doc), true)) > 0 { // as a JSON log has it
			return slog.String(a.Key, string(h.r.JSON(doc)))
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}
