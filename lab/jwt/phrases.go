package jwt

import "fmt"

// wordings is how many ways of saying things there are.
const wordings = 4

// phrase is one thing to be said, in each wording. Arguments are numbered, because wordings differ in their order.
type phrase [wordings]string

func (p phrase) in(wording int, args ...any) string {
	return fmt.Sprintf(p[wording%wordings], args...)
}

var (
	sayNoKey = phrase{
		`token rejected: no key for kid %[1]q`,
		`unable to find a key matching kid=%[1]s, request denied`,
		`JWT refused (kid %[1]s is not in the key set)`,
		`authorization failed: unknown signing key %[1]s`,
	}
	sayBadSignature = phrase{
		`token rejected: signature verification failed (kid %[1]q)`,
		`signature check of bearer token did not pass, kid=%[1]s`,
		`JWT refused (crypto/rsa: verification error, kid %[1]s)`,
		`authorization failed: signature mismatch for key %[1]s`,
	}
	sayNotYet = phrase{
		`token rejected: not valid before %[1]s, it is %[2]s`,
		`bearer token used before nbf: nbf=%[1]s now=%[2]s`,
		`JWT refused (token is not valid yet: starts %[1]s, server time %[2]s)`,
		`authorization failed: token from the future, nbf %[1]s, clock %[2]s`,
	}
	sayExpired = phrase{
		`token rejected: expired at %[1]s`,
		`bearer token is past its exp: %[1]s`,
		`JWT refused (expired %[1]s)`,
		`authorization failed: token ended %[1]s`,
	}
	sayMalformed = phrase{
		`token rejected: %[1]v`, `bearer token can not be used: %[1]v`, `JWT refused (%[1]v)`, `authorization failed: %[1]v`,
	}
	sayUpstreamStatus = phrase{
		`upstream %[1]s answered %[2]d`,
		`call to %[1]s returned HTTP %[2]d`,
		`%[1]s responded with status %[2]d, giving up`,
		`dependency %[1]s: unexpected status %[2]d`,
	}
	sayUpstreamError = phrase{
		`upstream %[1]s: %[2]v`,
		`call to %[1]s failed: %[2]v`,
		`could not reach %[1]s: %[2]v`,
		`dependency %[1]s: %[2]v`,
	}
	sayUpstreamSlow = phrase{
		`upstream %[1]s took %[2]s`,
		`call to %[1]s finished after %[2]s`,
		`%[1]s needed %[2]s to respond`,
		`dependency %[1]s: slow response, %[2]s`,
	}
	saySlow = phrase{
		`slow request: %[1]s took %[2]s`,
		`%[1]s handled in %[2]s, threshold exceeded`,
		`request to %[1]s spent %[2]s in handler`,
		`long running request %[1]s (%[2]s)`,
	}
	sayKeyAdded = phrase{
		`key %[1]s added to keystore`, `loaded public key %[1]s`, `key set updated: +%[1]s`, `now trusting %[1]s`,
	}
	sayKeyRemoved = phrase{
		`key %[1]s removed from keystore`, `dropped public key %[1]s`, `key set updated: -%[1]s`, `no longer trusting %[1]s`,
	}
	sayKeystoreUnreadable = phrase{
		`keystore can't be read: %[1]v`, `failed to load public keys: %[1]v`, `key set unavailable: %[1]v`, `trust file broken: %[1]v`,
	}
	sayHookRefused = phrase{
		`key webhook refused: %[1]v`, `ignored key update: %[1]v`, `key set update rejected: %[1]v`, `bad trust update: %[1]v`,
	}
	sayStarted = phrase{
		`listening on %[1]s`, `server started at %[1]s`, `ready, bound to %[1]s`, `up (%[1]s)`,
	}
	sayRotation = phrase{
		`signing key rotation started, reason %[1]s`,
		`rotating token signing key (%[1]s)`,
		`key rollover begins: %[1]s`,
		`starting %[1]s replacement of the signing key`,
	}
	sayRotated = phrase{
		`signing key rotated: %[1]s now signs, %[2]s left the JWKS`,
		`rotation complete, active kid=%[1]s, retired kid=%[2]s`,
		`key rollover finished: %[2]s -> %[1]s`,
		`tokens are signed with %[1]s from now on (was %[2]s)`,
	}
	sayRotatedKept = phrase{
		`signing key rotated: %[1]s now signs, %[2]s stays in the JWKS`,
		`rotation complete, active kid=%[1]s, still published kid=%[2]s`,
		`key rollover finished: %[2]s -> %[1]s, both published`,
		`tokens are signed with %[1]s from now on, %[2]s stays valid`,
	}
	sayHeld = phrase{
		`rotation to %[1]s held: no receipt from %[2]s`,
		`not switching to kid=%[1]s, unconfirmed: %[2]s`,
		`key rollover to %[1]s postponed, waiting for %[2]s`,
		`keeping the signing key: %[1]s is missing at %[2]s`,
	}
	sayDelivered = phrase{
		`key %[1]s delivered to %[2]s (sequence %[3]d)`,
		`webhook to %[2]s ok, kid=%[1]s seq=%[3]d`,
		`%[2]s acknowledged %[1]s (#%[3]d)`,
		`pushed %[1]s to %[2]s, update %[3]d`,
	}
	sayDeliveryFailed = phrase{
		`key %[1]s not delivered to %[2]s: %[3]v`,
		`webhook to %[2]s failed, kid=%[1]s: %[3]v`,
		`%[2]s did not acknowledge %[1]s: %[3]v`,
		`push of %[1]s to %[2]s: %[3]v`,
	}
	sayKeyState = phrase{
		`key %[1]s: %[2]s -> %[3]s`, `kid=%[1]s state %[2]s -> %[3]s`, `%[1]s is now %[3]s (was %[2]s)`, `moved %[1]s from %[2]s to %[3]s`,
	}
	sayCertificate = phrase{
		`certificate installed, serial %[1]s, valid until %[2]s`,
		`TLS certificate %[1]s loaded (notAfter %[2]s)`,
		`serving with certificate %[1]s until %[2]s`,
		`new server certificate %[1]s, expires %[2]s`,
	}
	sayServer = phrase{`%[1]s`, `http: %[1]s`, `server: %[1]s`, `listener: %[1]s`}
)
