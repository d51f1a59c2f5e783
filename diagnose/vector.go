package diagnose

import (
	"fmt"

	"corax"
	"corax/knowledge"
)

// VectorResult is what became of one vector of a mechanism.
type VectorResult struct {
	Mechanism string   `json:"mechanism"`
	Message   string   `json:"message"`
	Want      string   `json:"want"` // a mechanism, "not " and a mechanism
	Got       []string `json:"got"`  // mechanisms of the problems, the gravest first; empty: no problem
	OK        bool     `json:"ok"`
}

func (v VectorResult) String() string {
	verdict := "ok"
	if !v.OK {
		verdict = "FAILED"
	}
	return fmt.Sprintf("%s %s: %q: want %s, got %v", verdict, v.Mechanism, v.Message, v.Want, v.Got)
}

// CheckVectors diagnoses the vectors of a mechanism, each as a case of one signal.
func (e *Engine) CheckVectors(m knowledge.Mechanism) []VectorResult {
	var all []VectorResult
	for _, text := range m.Vectors.Recognise {
		got := e.mechanisms(text)
		all = append(all, VectorResult{m.ID, text, m.ID, got, len(got) > 0 && got[0] == m.ID})
	}
	for _, miss := range m.Vectors.Refuse {
		got := e.mechanisms(miss.Say)
		v := VectorResult{m.ID, miss.Say, "not " + m.ID, got, len(got) == 0 || got[0] != m.ID}
		if miss.Is != "" {
			v.Want, v.OK = miss.Is, len(got) > 0 && got[0] == miss.Is
		}
		all = append(all, v)
	}
	return all
}

func (e *Engine) mechanisms(text string) []string {
	got := []string{}
	for _, p := range e.Diagnose(corax.Case{ID: "vector", Signals: []corax.Signal{{Message: text}}}).Problems {
		got = append(got, p.RootCause.Mechanism)
	}
	return got
}
