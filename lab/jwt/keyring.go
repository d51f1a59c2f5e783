package jwt

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"time"

	"corax"
)

// keyState is how far a signing key has come in its life.
type keyState string

// The states of a key. Private keys are kept until destroyed.
const (
	pending   keyState = "pending"   // made, not yet used, not in the JWKS
	signing   keyState = "signing"   // signs new tokens, in the JWKS; exactly one key does
	published keyState = "published" // doesn't sign, in the JWKS
	withdrawn keyState = "withdrawn" // neither, but could come back
	destroyed keyState = "destroyed" // its private key is gone
)

func (s keyState) inJWKS() bool { return s == signing || s == published }

// moves are the changes of state that can be asked for. A key leaves signing only when another one takes over.
var moves = map[keyState][]keyState{
	pending:   {published, signing, withdrawn},
	published: {signing, withdrawn},
	withdrawn: {published, signing, destroyed},
}

// key is a signing key and what is known of its use.
type key struct {
	Kid          string        `json:"kid"`
	State        keyState      `json:"state"`
	CreatedAt    time.Time     `json:"created_at"`
	ExpiresAt    time.Time     `json:"expires_at"`
	Compromised  bool          `json:"compromised"`
	LastSignedAt time.Time     `json:"last_signed_at,omitzero"`
	Lifetime     time.Duration `json:"-"`                       // the longest that it gave to a token
	LastExpiry   time.Time     `json:"last_expiry_at,omitzero"` // when the last of its tokens ends
	private      *rsa.PrivateKey
	public       *rsa.PublicKey
}

// change is one key's change of state. Successor is the key that signs from then on.
type change struct {
	kid       string
	from, to  keyState
	successor string
}

// keyring holds the keys in the order of their making. It is not safe for concurrent use.
type keyring struct {
	keys []*key
}

func (r *keyring) find(kid string) (*key, error) {
	for _, k := range r.keys {
		if k.Kid == kid {
			return k, nil
		}
	}
	return nil, corax.Errorf(corax.NotFound, "look up key "+kid, "there is no key of that id")
}

func (r *keyring) signer() *key {
	for _, k := range r.keys {
		if k.State == signing {
			return k
		}
	}
	return nil
}

// move changes the state of a key when it is the one expected. Where the key is in the wanted state already
// nothing changes, so that a repeat is harmless. To make a key sign publishes the one that signed before.
func (r *keyring) move(kid string, expect, to keyState, now time.Time) ([]change, error) {
	op := "move key " + kid + " to " + string(to)
	k, err := r.find(kid)
	if err != nil {
		return nil, err
	}
	if k.State == to {
		return nil, nil
	}
	if k.State != expect {
		return nil, corax.Errorf(corax.Conflict, op, "it is %s, not %s", k.State, expect)
	}
	legal := false
	for _, s := range moves[k.State] {
		legal = legal || s == to
	}
	switch {
	case !legal:
		return nil, corax.Errorf(corax.Conflict, op, "a key that is %s can't become %s", k.State, to)
	case to.inJWKS() && k.Compromised:
		return nil, corax.Errorf(corax.Forbidden, op, "it is compromised")
	case to == signing && !now.Before(k.ExpiresAt):
		return nil, corax.Errorf(corax.Conflict, op, "it expired at %s", k.ExpiresAt.Format(time.RFC3339))
	}
	changes := []change{{kid: kid, from: k.State, to: to, successor: kid}}
	old := r.signer()
	k.State = to
	if to == signing && old != nil {
		old.State = published
		changes = append(changes, change{kid: old.Kid, from: signing, to: published, successor: kid})
	}
	if s := r.signer(); s != nil {
		changes[0].successor = s.Kid
	}
	if to == destroyed {
		k.private = nil
	}
	return changes, nil
}

// jwk is a public key as JSON (RFC 7517).
type jwk struct {
	Kty string `json:"kty"`
	Kid string `json:"kid"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	N   string `json:"n"`
	E   string `json:"e"`
}

func toJWK(kid string, k *rsa.PublicKey) jwk {
	return jwk{Kty: "RSA", Kid: kid, Use: "sig", Alg: "RS256", N: base64.RawURLEncoding.EncodeToString(k.N.Bytes()),
		E: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.E)).Bytes())}
}

func (j jwk) key() (*rsa.PublicKey, error) {
	op := "read public key " + j.Kid
	n, err := base64.RawURLEncoding.DecodeString(j.N)
	if err != nil {
		return nil, corax.Errorf(corax.Invalid, op, "modulus: %w", err)
	}
	e, err := base64.RawURLEncoding.DecodeString(j.E)
	if err != nil {
		return nil, corax.Errorf(corax.Invalid, op, "exponent: %w", err)
	}
	exponent := new(big.Int).SetBytes(e)
	if j.Kty != "RSA" || j.Kid == "" || len(n) < 256 || len(n) > 1024 || !exponent.IsInt64() || exponent.Int64() < 3 ||
		exponent.Int64() > 1<<31-1 {
		return nil, corax.Errorf(corax.Invalid, op, "expected an RSA key of 2048 bits or more with an id")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, nil
}

// savedKey is a key as auth keeps it on disk.
type savedKey struct {
	key
	Lifetime string `json:"longest_lifetime"`
	Public   jwk    `json:"public"`
	Private  []byte `json:"private,omitempty"` // PKCS #1
}

func (r *keyring) save() []savedKey {
	out := make([]savedKey, 0, len(r.keys))
	for _, k := range r.keys {
		s := savedKey{key: *k, Lifetime: k.Lifetime.String(), Public: toJWK(k.Kid, k.public)}
		if k.private != nil {
			s.Private = x509.MarshalPKCS1PrivateKey(k.private)
		}
		out = append(out, s)
	}
	return out
}

func loadKeyring(saved []savedKey) (*keyring, error) {
	r := &keyring{}
	for _, s := range saved {
		k := s.key
		var err error
		if k.public, err = s.Public.key(); err != nil {
			return nil, err
		}
		if k.Lifetime, err = time.ParseDuration(s.Lifetime); err != nil {
			return nil, corax.Errorf(corax.Invalid, "read key "+k.Kid, "%w", err)
		}
		if len(s.Private) > 0 {
			if k.private, err = x509.ParsePKCS1PrivateKey(s.Private); err != nil {
				return nil, corax.Errorf(corax.Invalid, "read key "+k.Kid, "%w", err)
			}
		}
		r.keys = append(r.keys, &k)
	}
	return r, nil
}

// keyView is a key as the administrative interface shows it.
type keyView struct {
	key
	Lifetime string `json:"longest_lifetime"`
}

func (k *key) view() keyView { return keyView{key: *k, Lifetime: k.Lifetime.String()} }
