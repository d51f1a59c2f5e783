package webtest

import (
	"reflect"
	"time"

	"corax"
)

// hostile is a record with the hostile text in every text that it has, and one element in each list and map. Words of ours (a severity, a
// state), numbers and times stay as they are without a value. Ids are for who uses it to set.
func hostile[T any]() (record T) {
	infect(reflect.ValueOf(&record).Elem())
	return record
}

func infect(v reflect.Value) {
	text := reflect.TypeFor[string]()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type() != reflect.TypeFor[time.Time]() {
				infect(v.Field(i))
			}
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); v.Type().Elem() == text || k == reflect.Struct {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			infect(v.Index(0))
		}
	case reflect.Map:
		if v.Type().Key() == text && v.Type().Elem() == text {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf(Hostile), reflect.ValueOf(Hostile))
		}
	case reflect.String:
		if v.Type() == text {
			v.SetString(Hostile)
		}
	}
}

// spread puts the hostile text where the outage, at that time, had none yet: what people claim to be called, and what they say.
func (o Outage) spread(now time.Time) Outage {
	by := corax.Intervention{By: Hostile, Reason: Hostile, At: now}
	o.Problem.Escalation, o.Run.Why = Hostile, Hostile
	o.Run.Hold, o.Run.Resumed, o.Run.Undo = &by, &by, &corax.Undo{Intervention: by, State: corax.UndoStopped, Why: Hostile}
	for i := range o.Incidents {
		o.Incidents[i].By = Hostile
	}
	for i := range o.Problem.Diagnosis.Plan.Steps {
		o.Problem.Diagnosis.Plan.Steps[i].Run, o.Problem.Diagnosis.Plan.Steps[i].Fill = Hostile, []string{Hostile}
	}
	for i := range o.Run.Plan.Steps {
		o.Run.Plan.Steps[i].Run, o.Run.Plan.Steps[i].Fill = Hostile, []string{Hostile}
	}
	for i := range o.Approvals {
		o.Approvals[i].Proposer = Hostile
	}
	o.Events = append(o.Events, corax.Event{At: now, Kind: corax.EventComment, Problem: o.Problem.ID, Text: Hostile, Data: map[string]string{"by": Hostile}})
	return o
}
