package main

import "corax"

type rule struct {
	ID          string `json:"id"`
	Service     string `json:"service"`
	Alert       string `json:"alert"`
	Description string `json:"description"`
	Query       string `json:"query"`
	Severity    string `json:"severity"`
}

// severity rates alerts by their text, with four levels mapped to the three of the rules' authors.
func severity(in input) (result, error) {
	rules, err := lines[rule](in.dir)
	if err != nil {
		return result{}, err
	}
	cell, base := map[string]float64{}, map[string]float64{}
	r := result{Set: "severity", Figures: map[string]map[string]float64{"all": cell}, Baseline: map[string]map[string]float64{"all": base}}
	var truth, got, always []string
	hit, warnings := 0, 0
	for _, x := range rules {
		rep := in.engine.Diagnose(corax.Case{ID: x.ID, Signals: []corax.Signal{{
			Kind: corax.Symptom, Source: "alertmanager", Message: x.Service + ": " + x.Alert + ". " + x.Description,
			Attributes: map[string]string{"expr": x.Query},
		}}})
		said, conf := "info", 0.0
		if len(rep.Problems) > 0 {
			conf = rep.Problems[0].Confidence
			switch rep.Problems[0].Severity {
			case corax.Critical, corax.High:
				said = "critical"
			case corax.Medium:
				said = "warning"
			}
		}
		truth, got, always = append(truth, x.Severity), append(got, said), append(always, "warning")
		count(&hit, said == x.Severity)
		count(&warnings, x.Severity == "warning")
		r.Predictions = append(r.Predictions, prediction{ID: x.ID, System: x.Service, Ranked: []string{said}, Confidence: conf, Truth: x.Severity})
	}
	share(cell, "accuracy", hit, len(rules))
	share(base, "accuracy", warnings, len(rules))
	cell["macro_f1"], base["macro_f1"] = macroF1(truth, got), macroF1(truth, always)
	return r, nil
}
