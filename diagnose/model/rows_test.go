package model

import "testing"

// Rows add up to the same as the weights that they were made from, also more of them than fit into a lane.
func TestRows(t *testing.T) {
	m, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	classes := len(m.Classes) + extraClasses
	for _, most := range []int{1, 3, mostAdded, 3*mostAdded + 1} {
		sum, want, some := make([]int64, classes), make([]int64, classes), make([]bool, classes)
		l := newLanes(classes)
		added := 0
		for f := uint32(0); added < most; f = (f + 1) % Features {
			entries := m.entry[m.start[f]:m.start[f+1]]
			if uint32(len(entries)) <= m.rows.least {
				continue
			}
			added++
			l.add(m.rows.of(f), sum)
			for _, e := range entries {
				want[e.class] += int64(e.weight)
				some[e.class] = true
			}
		}
		l.spill(sum)
		for c := range want {
			if int64(int32(sum[c])) != want[c] || (sum[c] != 0) != some[c] {
				t.Fatalf("%d rows: class %d has %d, want %d, any %t", most, c, int32(sum[c]), want[c], some[c])
			}
		}
	}
}
