package model

// rows are the weights of the features that have many: a place for each class, four to a machine word, so that four are added at a time. Few
// features are so common, but most of the weights that a message meets are theirs.
type rows struct {
	least uint32   // a feature with more weights has a row
	at    []uint32 // feature -> where its row begins
	width int      // of a row: its lanes, and then a bit for each class that it has a weight for
	words []uint64
}

const (
	lane      = 16           // bits
	perWord   = 64 / lane    // classes
	zero      = 128          // what stands for no weight, so that none is negative
	mostAdded = 0xffff / 255 // rows that fit into a lane
)

func newRows(m *Model) rows {
	classes := len(m.Classes) + extraClasses
	few := (classes + perWord - 1) / perWord
	r := rows{least: uint32(few), at: make([]uint32, Features), width: few + (classes+63)/64}
	for f := range Features {
		entries := m.entry[m.start[f]:m.start[f+1]]
		if uint32(len(entries)) <= r.least {
			continue
		}
		r.at[f] = uint32(len(r.words))
		row := make([]uint64, r.width)
		for i := range few {
			row[i] = zero | zero<<lane | zero<<(2*lane) | zero<<(3*lane)
		}
		for _, e := range entries {
			c := int(e.class)
			shift := c % perWord * lane
			row[c/perWord] = row[c/perWord]&^(0xffff<<shift) | uint64(int(e.weight)+zero)<<shift
			row[few+c/64] |= 1 << (c % 64)
		}
		r.words = append(r.words, row...)
	}
	return r
}

func (r *rows) of(feature uint32) []uint64 { return r.words[r.at[feature]:][:r.width] }

// lanes are sums of rows.
type lanes struct {
	sum   []uint64
	some  []uint64 // a bit a class: it got a weight
	added int      // rows
}

func newLanes(classes int) lanes {
	return lanes{sum: make([]uint64, (classes+perWord-1)/perWord), some: make([]uint64, (classes+63)/64)}
}

// add adds a row; when no more fit, they go to the sums of the classes first.
func (l *lanes) add(row []uint64, sum []int64) {
	if l.added == mostAdded {
		l.spill(sum)
	}
	l.added++
	few := row[:len(l.sum)]
	for i, w := range few {
		l.sum[i] += w
	}
	for i, w := range row[len(l.sum):] {
		l.some[i] |= w
	}
}

// spill adds the lanes to the sums of the classes, and begins anew. A class that got any weights counts them as one.
func (l *lanes) spill(sum []int64) {
	if l.added == 0 {
		return
	}
	zeros := int64(l.added * zero)
	for c := range sum {
		v := int64(l.sum[c/perWord] >> (c % perWord * lane) & 0xffff)
		sum[c] += v - zeros + int64(l.some[c/64]>>(c%64)&1)*oneWeight
	}
	clear(l.sum)
	clear(l.some)
	l.added = 0
}
