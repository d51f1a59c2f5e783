package server

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"corax"
	"corax/access"
	"corax/audit"
	"corax/scenario/casefile"
	"corax/store"
)

// Audit is what the API shows of the audit.
type Audit interface {
	Key() audit.Public
	Rows(ctx context.Context, f store.AuditFilter) ([]audit.Row, error)
	Verify(ctx context.Context) (audit.Report, error)
	// Anchored is when the audit was anchored last, up to which entry, and in which file; zero where it never was.
	Anchored() (at time.Time, seq int64, file string)
	Export(ctx context.Context, w io.Writer) error
	// ExportProblem is NotFound where there is no such problem, and a Conflict where it was not diagnosed.
	ExportProblem(ctx context.Context, id string) (casefile.File, error)
}

// AuditLine is an entry of the audit with its hash.
type AuditLine struct {
	corax.AuditEntry
	Hash string `json:"hash"`
}

// AuditKey is the public key that verifies the audit.
type AuditKey struct {
	Key audit.Public `json:"key"`
}

// AuditAnchor is the last anchor of the audit.
type AuditAnchor struct {
	At   *time.Time `json:"at,omitempty" doc:"missing where it never was anchored"`
	UpTo int64      `json:"up_to" doc:"the number of the entry that it vouches for, with all before it"`
	File string     `json:"file,omitempty"`
}

func (a api) audit() {
	if a.o.Audit == nil {
		return
	}
	type none struct{}
	type list struct {
		Paging
		What    string `query:"what" maxLength:"100" doc:"a kind of entries, or the part before its dot: approval"`
		Who     string `query:"who" maxLength:"200"`
		On      string `query:"on" maxLength:"500" doc:"what they are about: decision/ID, vault:NAME; all of a kind with the slash alone: stop/"`
		Problem string `query:"problem" maxLength:"200"`
		After   int64  `query:"after" minimum:"0" doc:"only those that come after the entry of this number in the list"`
		Order   string `query:"order" enum:"oldest,newest" default:"oldest" doc:"which come first"`
	}
	numbers := cursors[AuditLine, int64]{parseNumber, func(l AuditLine) string { return strconv.FormatInt(l.Seq, 10) }}
	listing(a, access.RoleOperator, "list-audit", "/audit", "The audit's entries, by what they are about", numbers,
		func(ctx context.Context, in *list, p part[int64]) ([]AuditLine, error) {
			rows, err := a.o.Audit.Rows(ctx, store.AuditFilter{What: corax.AuditKind(in.What), Who: in.Who, On: in.On, Problem: in.Problem,
				After: cmp.Or(p.after, in.After), Newest: in.Order == "newest", Limit: p.limit})
			lines := make([]AuditLine, 0, len(rows))
			for _, r := range rows {
				e, err := r.Entry()
				if err != nil {
					return nil, corax.Errorf(corax.Internal, "read the audit", "entry %d: %w", r.Seq, err)
				}
				lines = append(lines, AuditLine{e, r.Hash})
			}
			return lines, err
		})
	operation(a, access.RoleOperator, "verify-audit", http.MethodPost, "/audit/verify", "Hold the audit against its hashes and its anchors",
		func(ctx context.Context, _ *none) (audit.Report, error) { return a.o.Audit.Verify(ctx) })
	operation(a, access.RoleOperator, "audit-anchor", http.MethodGet, "/audit/anchor", "When the audit was anchored last, and up to where",
		func(context.Context, *none) (AuditAnchor, error) {
			at, seq, file := a.o.Audit.Anchored()
			x := AuditAnchor{UpTo: seq, File: file}
			if !at.IsZero() {
				x.At = &at
			}
			return x, nil
		})
	operation(a, access.RoleViewer, "export-problem", http.MethodGet, "/problems/{id}/export", "All that is known of a problem, signed",
		func(ctx context.Context, in *ByID) (casefile.File, error) { return a.o.Audit.ExportProblem(ctx, in.ID) })
	operation(a, access.RoleViewer, "audit-key", http.MethodGet, "/audit/key", "The public key that verifies the audit",
		func(context.Context, *none) (AuditKey, error) { return AuditKey{a.o.Audit.Key()}, nil })
}

// redact takes secrets out of the answers of what comes after it. An answer is held back until it is whole, since a secret
// may stand across the pieces in which it is written.
func redact(clean func([]byte) []byte) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if clean == nil {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
			next.ServeHTTP(h, r)
			text := h.body.Bytes()
			if h.Header().Get("Content-Type") == lines {
				parts := bytes.SplitAfter(text, []byte("\n"))
				for n := range parts {
					parts[n] = clean(parts[n])
				}
				text = bytes.Join(parts, nil)
			} else {
				text = clean(text)
			}
			w.Header().Del("Content-Length")
			w.WriteHeader(h.status)
			_, _ = w.Write(text)
		})
	}
}

// heldAnswer is an answer that was not sent yet.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) WriteHeader(status int)      { h.status = status }
func (h *heldAnswer) Write(p []byte) (int, error) { return h.body.Write(p) }
