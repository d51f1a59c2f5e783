package jwt

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"time"

	"corax"
	"corax/lab/part"
)

// Prepare lays out a lab in dir: names, secrets, the authority, the first signing key and a keystore for each
// verifier that holds it. It gives the plan by which a supervisor runs the parts.
func Prepare(dir string, seed int64, params Params, clock corax.Clock) (part.Plan, error) {
	op := "prepare a lab in " + dir
	now := clock.Now()
	for _, d := range []string{dir, filepath.Join(dir, "secrets"), filepath.Join(dir, "data"), filepath.Join(dir,
		"logs")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return part.Plan{}, corax.Errorf(corax.Unavailable, op, "%w", err)
		}
	}
	// The plan is what marks the directory as a lab's; it is written again when it is known.
	if err := part.WriteJSON(part.PlanFile(dir), part.Plan{}, 0o600); err != nil {
		return part.Plan{}, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	names := newNaming(seed)
	lay := layout{Seed: seed, Params: params, Names: names}
	for _, v := range verifiers {
		s := service{Name: names.Parts[v.role], Role: v.role, Path: names.Paths[v.role]}
		for _, c := range v.calls {
			s.Calls = append(s.Calls, names.Parts[c])
		}
		lay.Services = append(lay.Services, s)
	}
	if _, err := newAuthority(dir, now); err != nil {
		return part.Plan{}, err
	}
	tokens := part.Credentials{}
	secrets := map[string]string{}
	for _, name := range []string{credCorax, credCanary, credOperator} {
		tokens[name] = newSecret()
		secrets[name+".token"] = tokens[name]
	}
	for _, name := range operators {
		secrets[name+".token"] = newSecret()
	}
	secrets["users.password"], secrets["probe.password"] = newSecret(), newSecret()
	for _, s := range lay.Services {
		secrets[s.Name+".hook"] = newSecret()
	}
	var errs []error
	for name, secret := range secrets {
		errs = append(errs, part.WriteFile(secretFile(dir, name), []byte(secret+"\n"), 0o600))
	}
	errs = append(errs, firstKey(dir, lay, now), part.WriteJSON(layoutFile(dir), lay, 0o600))
	plan := part.Plan{Lab: names.Lab, Seed: seed, Operators: []string{credOperator},
		Credentials: part.Credentials{credCorax: tokens[credCorax], credOperator: tokens[credOperator]}}
	add := func(name, role string) {
		plan.Parts = append(plan.Parts, part.Spec{Name: name, Role: role, Listens: listensOf(role)})
	}
	add(names.Parts[roleAuth], roleAuth)
	for _, s := range lay.Services {
		add(s.Name, s.Role)
	}
	add(names.Parts[roleTraffic], roleTraffic)
	errs = append(errs, part.WriteJSON(part.PlanFile(dir), plan, 0o600))
	if err := errors.Join(errs...); err != nil {
		return part.Plan{}, corax.Errorf(corax.Unavailable, op, "%w", err)
	}
	return plan, nil
}

// firstKey makes the key that signs from the start, months old by its own account, and gives it to every verifier.
func firstKey(dir string, lay layout, now time.Time) error {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	made := now.AddDate(0, -3, 0)
	k := &key{Kid: lay.Names.keyID(lay.Seed, 1, made), State: signing, CreatedAt: made,
		ExpiresAt: made.AddDate(keyYears, 0, 0),
		private:   private, public: &private.PublicKey}
	ring := keyring{keys: []*key{k}}
	state := authState{Count: 1, Keys: ring.save(), Sequences: map[string]uint64{}}
	errs := []error{part.WriteJSON(dataFile(dir, lay.Names.Parts[roleAuth]+".json"), state, 0o600)}
	store := keystoreFile{Keys: []jwk{toJWK(k.Kid, k.public)}}
	for _, s := range lay.Services {
		errs = append(errs, part.WriteJSON(dataFile(dir, s.Name+".keys.json"), store, 0o600))
	}
	return errors.Join(errs...)
}

// newSecret is 128 random bits.
func newSecret() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}
