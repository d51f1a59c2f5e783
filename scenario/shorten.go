package scenario

import (
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Caps bound what a page shows, so that it stays small whatever the run brought.
type Caps struct{ List, Text int }

// Generous caps let an ordinary run through whole.
func Generous() Caps { return Caps{List: 240, Text: 1600} }

// Halved is half as much of both; the smallest caps halve into themselves.
func (c Caps) Halved() Caps { return Caps{List: max(c.List/2, 2), Text: max(c.Text/2, 60)} }

// Brief is a copy of v within the caps, for lists of results.
func Brief[T any](v T, c Caps) T { return shorten(v, c) }

// shorten copies v with every list and every text in it cut to size, and every text made harmless. It goes by the
// types, so a field that is added tomorrow is not forgotten.
func shorten[T any](v T, c Caps) T {
	out, _ := c.shorten(reflect.ValueOf(&v).Elem()).Interface().(T)
	return out
}

func (c Caps) shorten(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		out.SetString(clip(v.String(), c.Text))
	case reflect.Slice:
		if v.IsNil() {
			return out
		}
		n := min(v.Len(), c.List)
		out.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			out.Index(i).Set(c.shorten(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			return out
		}
		out.Set(reflect.MakeMap(v.Type()))
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys[:min(len(keys), c.List)] {
			out.SetMapIndex(c.shorten(key), c.shorten(v.MapIndex(key)))
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return out
		}
		inner := c.shorten(v.Elem())
		if v.Kind() == reflect.Pointer {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(inner)
		} else {
			out.Set(inner)
		}
	case reflect.Struct:
		out.Set(v)
		if v.Type() == reflect.TypeFor[time.Time]() {
			return out
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(c.shorten(v.Field(i)))
			}
		}
	default:
		out.Set(v)
	}
	return out
}

// clip cuts text to n characters and takes those out that steer a terminal or mislead a reader's eye.
func clip(s string, n int) string {
	var b strings.Builder
	for _, r := range s {
		if n--; n < 0 {
			return b.String() + " ..."
		}
		switch {
		case r >= ' ' && r < 0x7f:
			b.WriteByte(byte(r))
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case unicode.IsControl(r), unicode.In(r, unicode.Bidi_Control), r == unicode.ReplacementChar:
			b.WriteRune('\u00b7')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
