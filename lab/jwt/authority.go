package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"

	"corax"
	"corax/lab/part"
)

// authority is the lab's own certificate authority.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// newAuthority makes an authority and writes it into the lab's directory.
func newAuthority(dir string, now time.Time) (*authority, error) {
	fail := func(err error) (*authority, error) {
		return nil, corax.Errorf(corax.Internal, "make the lab's certificate authority", "%w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "jwt lab authority"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return fail(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fail(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := errors.Join(part.WriteFile(caFile(dir), certPEM, 0o600),
		part.WriteFile(secretFile(dir, "ca.key"), keyPEM, 0o600)); err != nil {
		return fail(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return fail(err)
	}
	return &authority{cert: cert, key: key}, nil
}

func readAuthority(dir string) (*authority, error) {
	fail := func(err error) (*authority, error) {
		return nil, corax.Errorf(corax.NotFound, "read the lab's certificate authority", "%w", err)
	}
	certPEM, err1 := os.ReadFile(caFile(dir))
	keyPEM, err2 := os.ReadFile(secretFile(dir, "ca.key"))
	if err := errors.Join(err1, err2); err != nil {
		return fail(err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return fail(err)
	}
	signer, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return fail(errors.New("its key can't sign"))
	}
	return &authority{cert: pair.Leaf, key: signer}, nil
}

// issue makes a server certificate for loopback that is valid from a day before now, or before its end, until
// notAfter.
func (a *authority) issue(name string, now, notAfter time.Time) (*tls.Certificate, error) {
	fail := func(err error) (*tls.Certificate, error) {
		return nil, corax.Errorf(corax.Internal, "issue a certificate for "+name, "%w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return fail(err)
	}
	from := now
	if notAfter.Before(from) {
		from = notAfter
	}
	t := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: from.Add(-24 * time.Hour),
		NotAfter:  notAfter, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{name, "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return fail(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return fail(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// trust is the pool that trusts the lab's authority only.
func trust(dir string) (*x509.CertPool, error) {
	data, err := os.ReadFile(caFile(dir))
	if err != nil {
		return nil, corax.Errorf(corax.NotFound, "read the lab's certificate authority", "%w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, corax.Errorf(corax.Invalid, "read the lab's certificate authority", "no certificate in %s", caFile(dir))
	}
	return pool, nil
}
