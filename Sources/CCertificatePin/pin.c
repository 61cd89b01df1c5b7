#include "CCertificatePin.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <string.h>

static int is_pinned(X509_STORE_CTX *store, void *context) {
    const unsigned char *pin = context;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509 *certificate = X509_STORE_CTX_get0_cert(store);
    const EVP_MD *method = pin[0] == 20 ? EVP_sha1() : EVP_sha256();
    if (certificate && X509_digest(certificate, method, digest, &length) && length == pin[0] &&
        memcmp(digest, pin + 1, length) == 0) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static CURLcode apply(CURL *easy, void *tls, void *pin) {
    (void)easy;
    SSL_CTX_set_cert_verify_callback(tls, is_pinned, pin);
    return CURLE_OK;
}

int certificate_pin_set(void *easy, const unsigned char *pin) {
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, apply) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, pin) == CURLE_OK &&
           // The name doesn't matter: it's this certificate or none.
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
}
