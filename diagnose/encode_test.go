package diagnose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corax"
)

// plainJSON is what encoding/json makes of a report.
func plainJSON(t testing.TB, r corax.Report) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The encoder writes what encoding/json writes, whatever the fields hold. A field that it doesn't know of, or in another order, fails here.
func TestAppendJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for n := range 2000 {
		var r corax.Report
		if n > 0 { // first the zero value
			fill(reflect.ValueOf(&r).Elem(), rng, n == 1)
		}
		got, err := AppendJSON(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		if want := plainJSON(t, r); string(got)+"\n" != want {
			t.Fatalf("report %d differs:\n%s", n, cmp.Diff(want, string(got)+"\n"))
		}
	}
}

func TestAppendJSONRefuses(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		r := corax.Report{Problems: []corax.Diagnosis{{Confidence: v}}}
		if b, err := AppendJSON([]byte("kept"), r); err == nil || string(b) != "kept" {
			t.Errorf("%v gives %q, %v", v, b, err)
		}
	}
}

// fill gives every field that a value holds some value: each of them where full, else often none.
func fill(v reflect.Value, rng *rand.Rand, full bool) {
	if !full && rng.IntN(4) == 0 {
		return
	}
	size := 1 + rng.IntN(3)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), rng, full)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), size-1, size))
		if full {
			v.SetLen(size)
		}
		for i := range v.Len() {
			fill(v.Index(i), rng, full)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range size {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, rng, full)
			fill(value, rng, full)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), rng, full)
	case reflect.String:
		v.SetString(oddText(rng) + "x")
	case reflect.Int:
		v.SetInt(1 + rng.Int64N(4))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat([]float64{0.5, -0.25, 1e-7, 3e-300, 1e21, 12345678, 1.0 / 3, 5e-324}[rng.IntN(8)])
	default:
		panic(fmt.Sprintf("the encoder knows no %s", v.Type()))
	}
}

// oddText is made of what a JSON string must escape, and of what it need not.
func oddText(rng *rand.Rand) string {
	pieces := []string{"plain", "\"", "\\", "\n", "\t", "\x00", "\x1f", "\x7f", "<&>", "é", "停止", "\u2028", "\u2029", "\ufffd", "\xff", "\xe2\x80", "😀", "\b\f\r"}
	var b []byte
	for range rng.IntN(6) {
		b = append(b, pieces[rng.IntN(len(pieces))]...)
	}
	return string(b)
}

func BenchmarkAppendJSON(b *testing.B) {
	r := engine(b).Diagnose(storm(100, false))
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out, _ = AppendJSON(out[:0], r)
	}
	b.SetBytes(int64(len(out)))
}
