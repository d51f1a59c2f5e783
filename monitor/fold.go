package monitor

import "time"

const maxFolds = 10_000 // different messages that are told apart at a time

// scope is whom a line is about, under which rule.
type scope struct {
	rule, entity string
}

// fold counts lines that say the same.
type fold struct {
	count  int // since it began, or since it was quiet
	told   int // the count when it was last told; 0 for never
	toldAt time.Time
	seenAt time.Time
}

// folds decide which lines become signals, so that a storm of lines is a few signals with counts.
type folds struct {
	quiet time.Duration
	swept time.Time
	size  int
	all   map[scope]map[string]*fold // by what the lines say
}

func newFolds(quiet time.Duration) *folds {
	return &folds{quiet: quiet, all: map[scope]map[string]*fold{}}
}

// add counts a line and gives the fold that it belongs to. With too many different lines, those of a scope share one.
func (s *folds) add(of scope, text string, now time.Time) *fold {
	if s.all[of][text] == nil && s.size >= maxFolds {
		if s.sweep(now); s.size >= maxFolds {
			text = ""
		}
	}
	f := s.all[of][text]
	if f == nil {
		if s.all[of] == nil {
			s.all[of] = map[string]*fold{}
		}
		f = &fold{}
		s.all[of][text] = f
		s.size++
	} else if now.Sub(f.seenAt) >= s.quiet {
		*f = fold{}
	}
	f.count++
	f.seenAt = now
	return f
}

// sweep forgets what has been quiet, now and then: it looks at everything.
func (s *folds) sweep(now time.Time) {
	if now.Sub(s.swept) < s.quiet/10 {
		return
	}
	s.swept, s.size = now, 0
	for of, texts := range s.all {
		for text, f := range texts {
			if now.Sub(f.seenAt) >= s.quiet {
				delete(texts, text)
			}
		}
		if s.size += len(texts); len(texts) == 0 {
			delete(s.all, of)
		}
	}
}

// forget drops what was counted in a scope, so that its next line is told at once.
func (s *folds) forget(of scope) {
	s.size -= len(s.all[of])
	delete(s.all, of)
}

// due says that a fold is to be told: it is new, has doubled, or what was told of it would soon expire.
func (s *folds) due(f *fold, now time.Time) bool {
	return f.told == 0 || f.count >= 2*f.told || f.count > f.told && now.Sub(f.toldAt) >= s.quiet/2
}

func (f *fold) tell(now time.Time) { f.told, f.toldAt = f.count, now }
