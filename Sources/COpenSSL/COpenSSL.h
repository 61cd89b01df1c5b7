// OpenSSL's TLS and X.509, and what of it are macros, variadic or unions, as functions.
#pragma once

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <time.h>

// MARK: - Contexts and sessions

// What every context does, whatever its policy is.
static inline void tls_context_harden(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY |
                                  SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(context, 64 * 1024);
}

static inline int tls_context_set_minimum(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}

static inline int tls_context_set_maximum(SSL_CTX *context, int version) {
    return SSL_CTX_set_max_proto_version(context, version);
}

static inline int tls_context_set_groups(SSL_CTX *context, const char *names) {
    return SSL_CTX_set1_groups_list(context, names);
}

static inline int tls_context_set_signatures(SSL_CTX *context, const char *names) {
    return SSL_CTX_set1_sigalgs_list(context, names);
}

// A client's part.
static inline void tls_set_host(SSL *session, const char *name) {
    if (name) SSL_set_tlsext_host_name(session, name);
}

// Whatever belongs to a session of ours, for the callbacks.
static inline void *tls_owner(const SSL *session) { return SSL_get_app_data(session); }

static inline void tls_set_owner(SSL *session, void *owner) { SSL_set_app_data(session, owner); }

// Begins to protect a ticket, or to open one; the key has 32 octets for AES and 32 for the HMAC.
static inline int tls_ticket_begin(EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, const uint8_t key[64],
                                   const uint8_t *vector, int encrypts) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(key + 32), 32),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), 0, key, vector, encrypts) &&
           EVP_MAC_CTX_set_params(mac, parameters);
}

// MARK: - Certificates

static inline void tls_chain_free(STACK_OF(X509) *chain) { sk_X509_pop_free(chain, X509_free); }

static inline STACK_OF(X509) *tls_chain_new(void) { return sk_X509_new_null(); }

// Holds the certificate, too, from now on.
static inline int tls_chain_append(STACK_OF(X509) *chain, X509 *certificate) {
    if (!sk_X509_push(chain, certificate)) return 0;
    return X509_up_ref(certificate);
}

// Seconds since 1970.
static inline int64_t tls_seconds(const ASN1_TIME *time) {
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) ? timegm(&parts) : 0;
}

static inline GENERAL_NAMES *tls_alternative_names(const X509 *certificate) {
    return X509_get_ext_d2i(certificate, NID_subject_alt_name, 0, 0);
}

static inline int tls_names_count(const GENERAL_NAMES *names) {
    return names ? sk_GENERAL_NAME_num(names) : 0;
}

struct tls_name {
    int type;  // GEN_DNS, GEN_IPADD and so on.
    const uint8_t *octets;  // None for a type that isn't text or an address.
    int count;
};

static inline struct tls_name tls_name_at(const GENERAL_NAMES *names, int index) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    struct tls_name result = {.type = name->type};
    if (name->type == GEN_DNS || name->type == GEN_URI || name->type == GEN_EMAIL ||
        name->type == GEN_IPADD) {
        result.octets = ASN1_STRING_get0_data(name->d.ia5);
        result.count = ASN1_STRING_length(name->d.ia5);
    }
    return result;
}

// The text of 4 or 16 octets; none for another count.
static inline const char *tls_address_text(const uint8_t *octets, int count, char text[64]) {
    if (count != 4 && count != 16) return 0;
    return inet_ntop(count == 4 ? AF_INET : AF_INET6, octets, text, 64);
}

// What was written to a memory BIO.
static inline int tls_memory(BIO *memory, const uint8_t **octets) {
    return (int)BIO_get_mem_data(memory, (char **)octets);
}

static inline void tls_forget_memory(BIO *memory) { (void)BIO_reset(memory); }

static inline unsigned long tls_name_flags(void) {
    return XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
}

// Nobody is asked for the password of a key.
static inline int tls_no_password(char *buffer, int size, int writes, void *context) {
    (void)buffer, (void)size, (void)writes, (void)context;
    return -1;
}

static inline EVP_PKEY *tls_read_key(BIO *memory) {
    return PEM_read_bio_PrivateKey(memory, 0, tls_no_password, 0);
}

static inline X509 *tls_read_certificate(BIO *memory) {
    return PEM_read_bio_X509(memory, 0, tls_no_password, 0);
}

static inline X509_CRL *tls_read_revocations(BIO *memory) {
    return PEM_read_bio_X509_CRL(memory, 0, tls_no_password, 0);
}

// MARK: - Authentication

static inline int auth_hmac(const EVP_MD *digest, const uint8_t *key, size_t key_count,
                            const uint8_t *message, size_t count, uint8_t *code,
                            unsigned int *code_count) {
    return HMAC(digest, key_count ? key : (const uint8_t *)"", (int)key_count, message, count, code,
                code_count) != 0;
}

// A key made of what a builder holds; the builder is freed.
static inline EVP_PKEY *auth_key(const char *type, OSSL_PARAM_BLD *builder) {
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(0, type, 0);
    EVP_PKEY *key = 0;
    if (parameters && context && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = 0;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static inline EVP_PKEY *auth_rsa_key(const uint8_t *modulus, size_t modulus_count,
                                     const uint8_t *exponent, size_t exponent_count) {
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_count, 0);
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_count, 0);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    EVP_PKEY *key = auth_key("RSA", builder);
    BN_free(n);
    BN_free(e);
    return key;
}

// The point is 4 and both coordinates.
static inline EVP_PKEY *auth_p256_key(const uint8_t *point, size_t count) {
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, count);
    return auth_key("EC", builder);
}

// Two numbers of so many octets each, as OpenSSL wants them; 0 where there is no room.
static inline int auth_ecdsa_der(const uint8_t *numbers, int count, uint8_t *der, size_t room) {
    ECDSA_SIG *signature = ECDSA_SIG_new();
    ECDSA_SIG_set0(signature, BN_bin2bn(numbers, count, 0), BN_bin2bn(numbers + count, count, 0));
    int length = i2d_ECDSA_SIG(signature, 0);
    if (length > 0 && (size_t)length <= room)
        i2d_ECDSA_SIG(signature, &der);
    else
        length = 0;
    ECDSA_SIG_free(signature);
    return length;
}

static inline int auth_verify(EVP_PKEY *key, const EVP_MD *digest, int is_pss,
                              const uint8_t *signature, size_t signature_count,
                              const uint8_t *message, size_t count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = 0;
    int is_good = context && EVP_DigestVerifyInit(context, &options, digest, 0, key) == 1;
    if (is_good && is_pss)
        is_good = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
                  EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
    is_good = is_good &&
              EVP_DigestVerify(context, signature, signature_count, message, count) == 1;
    EVP_MD_CTX_free(context);
    return is_good;
}

// What is to be known of the first certificate of a PEM text, whose key must be one of RSA; 0 where
// there is none. The key is in the form of SubjectPublicKeyInfo.
static inline int auth_certificate(const uint8_t *pem, int count, uint8_t *key, size_t room,
                                   int64_t *not_before, int64_t *not_after, int *bits) {
    BIO *memory = BIO_new_mem_buf(pem, count);
    X509 *certificate = memory ? tls_read_certificate(memory) : 0;
    EVP_PKEY *public_key = certificate ? X509_get0_pubkey(certificate) : 0;
    int length = 0;
    if (public_key && EVP_PKEY_get_base_id(public_key) == EVP_PKEY_RSA) {
        length = i2d_PUBKEY(public_key, 0);
        if (length > 0 && (size_t)length <= room)
            i2d_PUBKEY(public_key, &key);
        else
            length = 0;
        *bits = EVP_PKEY_get_bits(public_key);
        *not_before = tls_seconds(X509_get0_notBefore(certificate));
        *not_after = tls_seconds(X509_get0_notAfter(certificate));
    }
    X509_free(certificate);
    BIO_free(memory);
    return length;
}

// A key in the form of SubjectPublicKeyInfo.
static inline EVP_PKEY *auth_public_key(const uint8_t *octets, long count) {
    return d2i_PUBKEY(0, &octets, count);
}

// MARK: - Errors

// The reason of an error of TLS itself; 0 for that of another part.
static inline int tls_reason(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
}

// Whether no block was left that a file was searched for.
static inline int tls_is_end_of_pem(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}
