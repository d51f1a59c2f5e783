package server

import (
	"embed"
	"encoding/json"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"corax"
)

// examples hold a call and its answer each, by the id of the operation. A test makes each call and compares the answer.
//
//go:embed examples/*.json
var examples embed.FS

const examplesDir = "examples"

// Example is one call with its answer.
type Example struct {
	Call   string            `json:"call"` // method and address below /api/v1
	Header map[string]string `json:"header,omitempty"`
	Body   json.RawMessage   `json:"body,omitempty"`
	Status int               `json:"status"`
	Answer json.RawMessage   `json:"answer,omitempty"`
	Text   string            `json:"text,omitempty"` // the answer, where it is no JSON
}

// Examples are all of them, by the id of their operation.
func Examples() (map[string]Example, error) {
	files, err := examples.ReadDir(examplesDir)
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "read the examples", "%w", err)
	}
	out := map[string]Example{}
	for _, f := range files {
		text, err := examples.ReadFile(path.Join(examplesDir, f.Name()))
		if err != nil {
			return nil, corax.Errorf(corax.Internal, "read the examples", "%w", err)
		}
		var e Example
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, corax.Errorf(corax.Internal, "read the example "+f.Name(), "%w", err)
		}
		out[strings.TrimSuffix(f.Name(), ".json")] = e
	}
	return out, nil
}

// addExamples puts the examples into a description.
func addExamples(doc *huma.OpenAPI) error {
	all, err := Examples()
	if err != nil {
		return err
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Patch} {
			if op == nil {
				continue
			}
			e, ok := all[op.OperationID]
			if !ok {
				continue
			}
			op.Description = strings.TrimSpace(op.Description + "\n\nFor example: `" + e.Call + "`")
			if op.RequestBody != nil && e.Body != nil {
				if err := example(op.RequestBody.Content["application/json"], e.Body); err != nil {
					return err
				}
			}
			if r := op.Responses["200"]; r != nil && e.Status == 200 {
				if err := example(r.Content["application/json"], e.Answer); err != nil {
					return err
				}
				for _, m := range r.Content {
					if e.Text != "" {
						m.Example = e.Text
					}
				}
			}
		}
	}
	return nil
}

func example(m *huma.MediaType, text json.RawMessage) error {
	if m == nil {
		return nil
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return corax.Errorf(corax.Internal, "read an example", "%w", err)
	}
	m.Example = v
	return nil
}
