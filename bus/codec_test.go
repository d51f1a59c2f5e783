package bus

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"corax"

	"github.com/google/go-cmp/cmp"
)

func encodeEnvelope(signals []corax.Signal) []byte {
	data := []byte{envelopeVersion}
	for i := range signals {
		data = appendSignal(data, &signals[i])
	}
	return data
}

func TestEnvelopeKeepsEverySignalWhole(t *testing.T) {
	end := time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
	full := corax.Signal{ID: "s1", At: time.Date(2026, 3, 30, 2, 0, 0, 1, time.UTC), Source: "alertmanager", Kind: corax.Recovery,
		Entity: "auth", Severity: corax.Critical, Message: "né \x00\xff\n", Fingerprint: "fp", EndsAt: &end,
		Labels: map[string]string{"b": "2", "a": "1", "": "empty"}, Attributes: map[string]string{"status": ""}}
	// A field that corax.Signal gains has to be set above and written by the codec: else it would be lost without a word.
	for v, i := reflect.ValueOf(full), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the field %s is not tested", v.Type().Field(i).Name)
		}
	}
	want := append([]corax.Signal{full, {}}, signals(0, 100)...)
	got, err := decodeEnvelope(nil, encodeEnvelope(want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestDamagedEnvelopes(t *testing.T) {
	data := encodeEnvelope(signals(0, 1))
	for n := range data {
		got, err := decodeEnvelope(nil, data[:n])
		if n != 1 && err == nil || len(got) != 0 { // a lone version byte is an envelope of none
			t.Fatalf("the first %d of %d bytes: %d signals, %v", n, len(data), len(got), err)
		}
	}
	if _, err := decodeEnvelope(nil, append([]byte{envelopeVersion + 1}, data[1:]...)); err == nil {
		t.Error("an envelope of a later version was read")
	}
}

func TestEqualSignalsGiveEqualBytes(t *testing.T) {
	want := encodeEnvelope(signals(0, 64))
	for range 20 { // maps are walked in another order each time
		if !bytes.Equal(want, encodeEnvelope(signals(0, 64))) {
			t.Fatal("the same signals were encoded in two ways")
		}
	}
}

// FuzzDecode holds that nothing on the stream makes the decoder fail otherwise than by an error, and that what it reads it can write.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add(encodeEnvelope(signals(0, 2)))
	f.Add([]byte{envelopeVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := decodeEnvelope(nil, data)
		if err != nil {
			return
		}
		second, err := decodeEnvelope(nil, encodeEnvelope(first))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(first, second); d != "" {
			t.Error(d)
		}
	})
}
