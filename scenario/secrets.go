package scenario

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"corax"
)

// secretForms are the forms in which a secret must be found nowhere.
func secretForms(secret string) [][]byte {
	quoted, _ := json.Marshal(secret) // a string always can be
	forms := []string{
		secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), hex.EncodeToString([]byte(secret)),
		base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	}
	out := make([][]byte, len(forms))
	for i, f := range forms {
		out[i] = []byte(f)
	}
	return out
}

// leaks says where any of the lab's secrets stands: in a file that Corax keeps, or in what it told people. The secrets
// themselves are not repeated.
func leaks(dir string, secrets map[string]string, letters []letter) ([]string, error) {
	var found []string
	look := func(where string, text []byte) {
		for name, secret := range secrets {
			for _, form := range secretForms(secret) {
				if bytes.Contains(text, form) {
					found = append(found, fmt.Sprintf("%s in %s", name, where))
					break
				}
			}
		}
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		look(name, text)
		return err
	})
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, "search "+dir+" for secrets", "%w", err)
	}
	for n, l := range letters {
		look(fmt.Sprintf("notice %d", n+1), l.body)
	}
	return found, nil
}
