package store

import (
	"encoding/base64"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"corax"
)

// Cursor is a place in a list that is ordered by time and id, newest first: that of an item. It stays good when items are added, and when
// the item that it was made from is gone. The zero Cursor is before the first.
type Cursor struct {
	Micros int64 // the item's time, in microseconds since 1970
	ID     string
}

// CursorOf is the place of the item with this time and id.
func CursorOf(at time.Time, id string) Cursor { return Cursor{at.UnixMicro(), id} }

// Before are the time and the id that the items after the cursor are smaller than.
func (c Cursor) Before() (micros int64, id string) {
	if c == (Cursor{}) {
		return math.MaxInt64, ""
	}
	return c.Micros, c.ID
}

// String is the cursor for those who only hand it back; the empty text for the zero Cursor.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.Micros, 36) + " " + c.ID))
}

// ParseCursor reads what String wrote. Any other text is Invalid.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(text)
	at, id, _ := strings.Cut(string(plain), " ")
	micros, bad := strconv.ParseInt(at, 36, 64)
	if c := (Cursor{micros, id}); err == nil && bad == nil && c.String() == text {
		return c, nil
	}
	return Cursor{}, &corax.Error{Code: corax.Invalid, Op: "read the cursor", Err: errors.New("this server did not make it"),
		Hint: "take it as it stands in the link to the next page, or leave it out for the first page"}
}
