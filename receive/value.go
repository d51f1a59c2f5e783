package receive

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

// This file reads values that the formats share. Whatever comes out is a copy: fastjson's own bytes are gone with its parser.

var parsers fastjson.ParserPool

// parse calls use with the parsed body, or says what is wrong with it.
func parse(body []byte, use func(*fastjson.Value) decoded) decoded {
	p := parsers.Get()
	v, err := p.ParseBytes(body)
	var d decoded
	if err != nil {
		d.answer = problem(http.StatusBadRequest, syntax(body))
	} else {
		d = use(v)
	}
	if len(body) <= maxPooled/8 { // a parser keeps room for the largest that it has seen
		parsers.Put(p)
	}
	return d
}

// syntax says where a text stops being JSON.
func syntax(body []byte) string {
	var whole json.RawMessage
	err := json.Unmarshal(body, &whole)
	bad, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return "not JSON that can be read here: it is nested too deeply, or a number or string in it is malformed"
	}
	before := body[:max(0, min(int(bad.Offset)-1, len(body)))]
	line, column := 1, 1
	for _, b := range before {
		column++
		if b == '\n' {
			line, column = line+1, 1
		}
	}
	return fmt.Sprintf("not valid JSON at line %d, column %d: %v", line, column, bad)
}

// clean is a copy as valid UTF-8.
func clean(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// stringMap reads an object of strings; missing is empty, and so is a name without a value.
func stringMap(item *fastjson.Value, field string) (map[string]string, error) {
	v := item.Get(field)
	if v == nil || v.Type() == fastjson.TypeNull {
		return nil, nil
	}
	o, err := v.Object()
	if err != nil {
		return nil, fmt.Errorf("%s: expected an object, found %s", field, v.Type())
	}
	m := make(map[string]string, o.Len())
	o.Visit(func(k []byte, v *fastjson.Value) {
		text, e := v.StringBytes()
		if e != nil && err == nil {
			err = fmt.Errorf("%s.%s: expected a string, found %s", field, clean(k), v.Type())
		}
		if len(text) > 0 {
			m[clean(k)] = clean(text)
		}
	})
	return m, err
}

// moment reads a time; missing and the zero time are zero.
func moment(item *fastjson.Value, field string) (time.Time, error) {
	v := item.Get(field)
	if v == nil || v.Type() == fastjson.TypeNull {
		return time.Time{}, nil
	}
	text, err := v.StringBytes()
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: expected a time, found %s", field, v.Type())
	}
	t, err := instant(string(text))
	if err != nil {
		return t, fmt.Errorf("%s: %w", field, err)
	}
	return t, nil
}

// timeLayouts are how times are written: RFC 3339 first, then what else ISO 8601 lets tools write. Without a zone it is UTC.
var timeLayouts = [...]string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"}

// instant reads a time. The year is bounded in UTC too: one that can't be written as JSON could never be stored.
func instant(text string) (time.Time, error) {
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, text)
		if t = t.UTC(); err == nil && t.Year() >= 1 && t.Year() <= 9999 {
			return t, nil
		}
	}
	const most = 40
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return time.Time{}, fmt.Errorf("%q is not a time as in RFC 3339", text)
}

// instantOrEpoch also takes seconds or milliseconds since 1970.
func instantOrEpoch(text string) (time.Time, error) {
	const (
		millis = 1e11 // the year 5138 in seconds, 1973 in milliseconds
		most   = 1e14
	)
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return instant(text)
	case math.IsNaN(n) || n < 0 || n > most:
		return time.Time{}, fmt.Errorf("%q is not a time: expected RFC 3339, or seconds or milliseconds since 1970", text)
	case n >= millis:
		return time.UnixMilli(int64(n)).UTC(), nil
	}
	sec, part := math.Modf(n)
	return time.Unix(int64(sec), int64(part*1e9)).UTC(), nil
}

// earlier is the earlier of two times: nothing was observed after it arrived.
func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

// fingerprint names the condition by its source and labels.
func fingerprint(source string, labels map[string]string) string {
	var room [24]string
	keys := room[:0]
	for k := range labels {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var space [1024]byte
	buf := framed(space[:0], source)
	for _, k := range keys {
		buf = framed(framed(buf, k), labels[k])
	}
	return digest("fp-", buf)
}

// shortHash is corax.HashID's idea without its cost: this is done for every alert.
func shortHash(prefix string, parts ...string) string {
	var space [1024]byte
	buf := space[:0]
	for _, p := range parts {
		buf = framed(buf, p)
	}
	return digest(prefix, buf)
}

// framed appends a part after its length, so that ("ab", "c") and ("a", "bc") differ.
func framed(buf []byte, part string) []byte {
	n := len(part)
	return append(append(buf, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), part...)
}

var base32Lower = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

func digest(prefix string, data []byte) string {
	sum := sha256.Sum256(data)
	var out [32]byte
	return string(base32Lower.AppendEncode(append(out[:0], prefix...), sum[:10]))
}
