package learn

import (
	"reflect"
	"testing"

	"corax"

	"pgregory.net/rapid"
)

func TestEdges(t *testing.T) {
	var outages []Outage
	for range 4 { // what the diagnosis saw
		outages = append(outages, Outage{Root: "db", Affected: []string{"shop"}, Entities: []string{"db", "shop"}})
	}
	outages = append(outages, Outage{Root: "db"})
	for range 5 { // what fails together, nobody knows why
		outages = append(outages, Outage{Entities: []string{"north-1", "north-2"}})
	}
	for range 10 { // what fails alone
		outages = append(outages, Outage{Entities: []string{"cache"}})
	}
	outages = append(outages, Outage{Root: "cache", Affected: []string{"shop"}}) // once is chance
	got := Ties(outages, corax.Topology{Edges: []corax.Edge{{From: "shop", To: "db"}}}, Options{})
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	together, spread := got[0], got[1]
	if together.Kind != Together || together.From != "north-1" || together.To != "north-2" || together.Support != 5 || together.Share != 1 ||
		together.Declared || together.Lift < 4.1 || together.Lift > 4.3 {
		t.Errorf("%+v", together)
	}
	if spread.Kind != Spread || spread.From != "shop" || spread.To != "db" || spread.Support != 4 || spread.Of != 5 || !spread.Declared {
		t.Errorf("%+v", spread)
	}
	if spread.Low < 0.37 || spread.Low > 0.38 || spread.High < 0.96 || spread.High > 0.97 { // as in tables: 4 of 5 is 0.376 to 0.964
		t.Errorf("4 of 5 is between %v and %v", spread.Low, spread.High)
	}
}

func TestStormSaysNothing(t *testing.T) {
	var all []string
	for i := range most + 1 {
		all = append(all, string(rune('A'+i)))
	}
	storm := Outage{Entities: all, Root: "A", Affected: all[1:]}
	if got := Ties([]Outage{storm, storm, storm, {}, {}, {}}, corax.Topology{}, Options{}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// The order of outages doesn't matter, and every figure is what it says.
func TestFigures(t *testing.T) {
	name := rapid.SampledFrom([]string{"", "a", "b", "c", "d"})
	gen := rapid.Custom(func(t *rapid.T) Outage {
		return Outage{Root: name.Draw(t, "root"), Affected: rapid.SliceOfN(name, 0, 3).Draw(t, "affected"), Entities: rapid.SliceOfN(name, 0, 3).Draw(t, "entities")}
	})
	rapid.Check(t, func(t *rapid.T) {
		outages := rapid.SliceOfN(gen, 0, 40).Draw(t, "outages")
		o := Options{Support: 1, Lift: 0.01}
		got := Ties(outages, corax.Topology{}, o)
		if again := Ties(rapid.Permutation(outages).Draw(t, "other order"), corax.Topology{}, o); !reflect.DeepEqual(got, again) {
			t.Fatalf("%+v\n%+v", got, again)
		}
		for _, e := range got {
			if e.Support > e.Of || e.Low > e.Share || e.High < e.Share || e.Low < 0 || e.High > 1 || e.From == e.To || e.From == "" || e.To == "" {
				t.Fatalf("%+v", e)
			}
		}
	})
}
