// Package sample holds results of real runs, to show somebody who has run nothing yet what there is to see. They are marked as a sample
// wherever they are shown, count in no pass rate, are never published, and go away as a whole. They are results and not problems: the
// records of what Corax has seen hold nothing that it has not seen.
package sample

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"corax"
	"corax/scenario"
	"corax/scenario/history"
)

//go:embed results
var results embed.FS

// dir is where they lie below a directory of results. No category holds an underscore, so that nothing else can lie there.
const dir = "_sample"

// Results are those of the sample, by category and name.
func Results() ([]scenario.Result, error) {
	var all []scenario.Result
	err := fs.WalkDir(results, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := results.ReadFile(name)
		if err != nil {
			return err
		}
		var r scenario.Result
		if err := json.Unmarshal(data, &r); err != nil {
			return err
		}
		r.Sample = true
		all = append(all, r)
		return nil
	})
	if err != nil {
		return nil, corax.Errorf(corax.Internal, "read the sample", "%w", err)
	}
	return all, nil
}

// Load puts the sample into a directory of results. Twice is fine.
func Load(kept string) error {
	all, err := Results()
	if err != nil {
		return err
	}
	h := history.Open(filepath.Join(kept, dir))
	for _, r := range all {
		if err := h.Add(r); err != nil {
			return err
		}
	}
	return nil
}

// Remove takes the sample away again, and nothing else. Twice is fine.
func Remove(kept string) error {
	root, err := os.OpenRoot(kept)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(root.RemoveAll(dir), root.Close())
	}
	if err != nil {
		return corax.Errorf(corax.Unavailable, "take the sample away", "%w", err)
	}
	return nil
}
