package server

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"corax/access"
	"corax/lookup/postmortem"
)

// lines is the media type of JSON Lines.
const lines = "application/jsonl"

// written is an answer that is no JSON.
type written struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// file registers a call, which needs the role, that answers with a text of a media type.
func file[I any](a api, role access.Role, id, path, summary, media string, fn func(context.Context, *I, io.Writer) error) {
	c := call[I, []byte](role, id, http.MethodGet, path, summary)
	c.Media = media
	register(a, c, func(ctx context.Context, in *I) (*written, error) {
		var text bytes.Buffer
		if err := fn(ctx, in, &text); err != nil {
			return nil, a.o.fault(id, err)
		}
		return &written{media, text.Bytes()}, nil
	})
}

// files are the answers that are read as they come: by people, or by other tools.
func (a api) files() {
	type none struct{}
	file(a, access.RoleViewer, "report-problem", "/problems/{id}/report", "A problem as a report in Markdown: a post-mortem", "text/markdown; charset=utf-8",
		func(ctx context.Context, in *ByID, w io.Writer) error {
			o, err := postmortem.Read(ctx, a.o.Records, in.ID)
			if err == nil {
				_, err = io.WriteString(w, postmortem.Markdown(o))
			}
			return err
		})
	if a.o.Audit == nil {
		return
	}
	file(a, access.RoleOperator, "export-audit", "/audit/export", "All entries and anchors as JSON Lines, for anyone to verify with corax audit verify", lines,
		func(ctx context.Context, _ *none, w io.Writer) error { return a.o.Audit.Export(ctx, w) })
}
