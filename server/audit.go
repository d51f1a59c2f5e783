package server

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

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

func (a api) audit() {
	if a.o.Audit == nil {
		return
	}
	type none struct{}
	type list struct {
		Paging
		After   int64  `query:"after" minimum:"0" doc:"only entries with higher numbers"`
		Problem string `query:"problem"`
	}
	numbers := cursors[AuditLine, int64]{parseNumber, func(l AuditLine) string { return strconv.FormatInt(l.Seq, 10) }}
	listing(a, access.RoleOperator, "list-audit", "/audit", "The audit's entries, oldest first", numbers,
		func(ctx context.Context, in *list, p part[int64]) ([]AuditLine, error) {
			rows, err := a.o.Audit.Rows(ctx, store.AuditFilter{After: max(p.after, in.After), Problem: in.Problem, Limit: p.limit})
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
			text := clean(h.body.Bytes())
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
