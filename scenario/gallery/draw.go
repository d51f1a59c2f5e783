package gallery

import (
	"html/template"

	"corax/scenario"
	"corax/scenario/history"
)

// strip draws an outage over time, nothing where nothing was broken.
func strip(scenario.Result, []scenario.Milestone) template.HTML { return "" }

// chart draws pass rates over time.
func chart([]history.Rate) template.HTML { return "" }
