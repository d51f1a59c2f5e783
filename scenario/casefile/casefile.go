// Package casefile makes one signed file of a problem: all that was known, decided and done, so that it can be read,
// checked and diagnosed again elsewhere, and turned into a scenario.
//
// In comes what the store has of a problem; out goes a File, and from a File a replay and a scenario. It holds no
// credentials: records come redacted, actions hold references.
package casefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/gowebpki/jcs"

	"corax"
	"corax/audit"
	"corax/investigate"
)

// Content is what a file tells of a problem.
type Content struct {
	Format    string                  `json:"format"`
	Version   string                  `json:"version"`   // of the program that wrote it
	Catalogue string                  `json:"catalogue"` // digest of the knowledge that it diagnosed with
	Problem   corax.Problem           `json:"problem"`   // with its case and its diagnosis
	Report    corax.Report            `json:"report"`    // what the engine makes of the whole case, when the file was written
	Incidents []corax.Incident        `json:"incidents"` // all that the case is made of
	Actions   []corax.Action          `json:"actions"`   // as declared when the file was written
	Run       *corax.PlanRun          `json:"run,omitempty"`
	Decisions []corax.Decision        `json:"decisions"`
	Approvals []corax.ApprovalRequest `json:"approvals"`
	Events    []corax.Event           `json:"events"`
	Audit     []AuditLine             `json:"audit"` // the entries about the problem and its plan
}

// AuditLine is an entry of the audit as it was hashed, and its hash.
type AuditLine struct {
	Doc  string `json:"doc"`
	Hash string `json:"hash"`
}

// Format is that of the files that this program writes.
const Format = "corax problem 1"

// File is a content with its signature, which is over the content's canonical JSON (RFC 8785): however the file is
// indented, it holds.
type File struct {
	Content   json.RawMessage `json:"content"`
	Key       audit.Public    `json:"key"`
	Signature string          `json:"signature"`
}

// Sign makes the file.
func Sign(c Content, key *audit.Key) (File, error) {
	const op = "write a problem's file"
	c.Format = Format
	text, err := json.Marshal(c)
	if err == nil {
		text, err = jcs.Transform(text)
	}
	if err != nil {
		return File{}, corax.Errorf(corax.Internal, op, "%w", err)
	}
	return File{Content: text, Key: key.Public(), Signature: key.Sign(audit.ForProblem, string(text))}, nil
}

// Open reads a file and checks its signature, and the hashes of its audit. Where key is empty the file's own is taken: that
// shows that nothing was altered, not who wrote it. A signature that doesn't hold is Forbidden.
func Open(text []byte, key audit.Public) (Content, error) {
	const op = "read a problem's file"
	var f File
	if err := json.Unmarshal(text, &f); err != nil {
		return Content{}, corax.Errorf(corax.Invalid, op, "%w", err)
	}
	if key == "" {
		key = f.Key
	}
	if err := key.Check(); err != nil {
		return Content{}, err
	}
	signed, err := jcs.Transform(f.Content)
	if err != nil {
		return Content{}, corax.Errorf(corax.Invalid, op, "%w", err)
	}
	if !key.Verify(audit.ForProblem, string(signed), f.Signature) {
		return Content{}, &corax.Error{Code: corax.Forbidden, Op: op,
			Err:  errors.New("its signature does not hold: it was altered, or signed with another key"),
			Hint: "compare --key with what `corax audit key` prints where it was exported"}
	}
	var c Content
	if err := json.Unmarshal(f.Content, &c); err != nil {
		return Content{}, corax.Errorf(corax.Invalid, op, "%w", err)
	}
	if c.Format != Format || c.Problem.Case == nil {
		return Content{}, corax.Errorf(corax.Invalid, op, "expected %q with a case, found %q", Format, c.Format)
	}
	for n, l := range c.Audit {
		if audit.Digest([]byte(l.Doc)) != l.Hash {
			return Content{}, corax.Errorf(corax.Forbidden, op, "line %d of its audit is not what its hash says", n+1)
		}
	}
	return c, nil
}

// Replay diagnoses the case again, and says which fields of the diagnosis differ from what was recorded: none where it is
// the same byte for byte.
func (c Content) Replay(e investigate.Engine) ([]string, error) {
	again, ok := investigate.Replay(e, c.Problem, c.Incidents, c.Actions)
	if !ok {
		return []string{"the case has no such problem any more"}, nil
	}
	was, err := json.Marshal(c.Problem.Diagnosis)
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "replay", "%w", err)
	}
	is, err := json.Marshal(again)
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "replay", "%w", err)
	}
	if bytes.Equal(was, is) {
		return nil, nil
	}
	var a, b any
	if err := errors.Join(json.Unmarshal(was, &a), json.Unmarshal(is, &b)); err != nil {
		return nil, corax.Errorf(corax.Internal, "replay", "%w", err)
	}
	return differences(nil, "diagnosis", a, b), nil
}

// differences lists the paths at which two JSON values differ.
func differences(out []string, path string, was, is any) []string {
	if reflect.DeepEqual(was, is) {
		return out
	}
	switch w := was.(type) {
	case map[string]any:
		if i, ok := is.(map[string]any); ok {
			names := maps.Clone(w)
			maps.Copy(names, i)
			for _, name := range slices.Sorted(maps.Keys(names)) {
				out = differences(out, path+"."+name, w[name], i[name])
			}
			return out
		}
	case []any:
		if i, ok := is.([]any); ok && len(i) == len(w) {
			for n := range w {
				out = differences(out, fmt.Sprintf("%s[%d]", path, n), w[n], i[n])
			}
			return out
		}
	}
	return append(out, fmt.Sprintf("%s was %s, is %s", path, short(was), short(is)))
}

func short(v any) string {
	text, _ := json.Marshal(v) // it came from JSON
	if len(text) > 120 {
		return string(bytes.ToValidUTF8(text[:120], nil)) + " ..."
	}
	return string(text)
}
