#pragma once

#include <curl/curl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

// curl's setters and getters are variadic, which Swift cannot call: one typed name for each shape.
typedef size_t (*curl_data_callback)(char *, size_t, size_t, void *);
typedef CURLcode (*curl_tls_callback)(CURL *, void *, void *);
typedef int (*curl_socket_change_callback)(CURL *, curl_socket_t, int, void *, void *);
typedef int (*curl_timer_change_callback)(CURLM *, long, void *);

static inline CURLcode curl_set_long(CURL *h, CURLoption o, long v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode curl_set_string(CURL *h, CURLoption o, const char *v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode curl_set_pointer(CURL *h, CURLoption o, const void *v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode curl_set_octets(CURL *h, CURLoption o, const void *octets, size_t count) {
    struct curl_blob blob = {(void *)octets, count, CURL_BLOB_COPY};
    return curl_easy_setopt(h, o, &blob);
}
static inline CURLcode curl_set_offset(CURL *h, CURLoption o, curl_off_t v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode curl_set_list(CURL *h, CURLoption o, struct curl_slist *v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode curl_set_data_callback(CURL *h, CURLoption o, curl_data_callback v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode curl_set_tls_callback(CURL *h, curl_tls_callback v, void *context) {
    CURLcode code = curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, v);
    return code == CURLE_OK ? curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, context) : code;
}
static inline CURLcode curl_get_long(CURL *h, CURLINFO i, long *v) {
    return curl_easy_getinfo(h, i, v);
}
static inline CURLcode curl_get_offset(CURL *h, CURLINFO i, curl_off_t *v) {
    return curl_easy_getinfo(h, i, v);
}
static inline CURLcode curl_get_socket(CURL *h, CURLINFO i, curl_socket_t *v) {
    return curl_easy_getinfo(h, i, v);
}
static inline CURLcode curl_get_pointer(CURL *h, CURLINFO i, void **v) {
    return curl_easy_getinfo(h, i, v);
}
static inline CURLMcode curl_multi_set_long(CURLM *h, CURLMoption o, long v) {
    return curl_multi_setopt(h, o, v);
}
static inline CURLMcode curl_multi_set_pointer(CURLM *h, CURLMoption o, void *v) {
    return curl_multi_setopt(h, o, v);
}
static inline CURLMcode curl_multi_set_socket_callback(CURLM *h, curl_socket_change_callback v) {
    return curl_multi_setopt(h, CURLMOPT_SOCKETFUNCTION, v);
}
static inline CURLMcode curl_multi_set_timer_callback(CURLM *h, curl_timer_change_callback v) {
    return curl_multi_setopt(h, CURLMOPT_TIMERFUNCTION, v);
}

// The next transfer that has ended, with its result; null where none has. (The message holds a
// union, of which Swift would see a pointer.)
static inline CURL *curl_multi_next_done(CURLM *h, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(h, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return 0;
}

// The response's field of that name as curl keeps it until the handle is used again, or null.
static inline const char *curl_response_field(CURL *h, const char *name) {
    struct curl_header *header;
    return curl_easy_header(h, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : 0;
}

// Links lines that stand one after the other, each ended by a NUL, into a list of as many nodes;
// curl reads such a list and never frees it.
static inline void curl_link_lines(struct curl_slist *nodes, void *lines, size_t count) {
    char *line = lines;
    for (size_t i = 0; i < count; i++) {
        nodes[i].data = line;
        nodes[i].next = i + 1 < count ? &nodes[i + 1] : 0;
        line += strlen(line) + 1;
    }
}

// curl's own way to open a socket, but never inherited by a child.
static inline curl_socket_t curl_open_closed_on_exec(void *context, curlsocktype purpose,
                                                     struct curl_sockaddr *address) {
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}
static inline CURLcode curl_set_close_on_exec(CURL *h) {
    return curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, curl_open_closed_on_exec);
}

// Asks before a connection to an address is tried, and before each request on one.
typedef curl_socket_t (*curl_open_callback)(void *, curlsocktype, struct curl_sockaddr *);
typedef int (*curl_request_callback)(void *, char *, char *, int, int);
static inline CURLcode curl_set_guards(CURL *h, curl_open_callback open,
                                       curl_request_callback request, void *context) {
    CURLcode code = curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open);
    if (code == CURLE_OK) code = curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, request);
    return code == CURLE_OK ? curl_easy_setopt(h, CURLOPT_PREREQDATA, context) : code;
}

// Copies an IP address's octets, 4 or 16, and tells how many; 0 for an address of another kind.
static inline size_t curl_address_octets(const struct curl_sockaddr *address,
                                         unsigned char octets[16]) {
    const void *start = &address->addr;
    if (address->family == AF_INET) {
        memcpy(octets, &((const struct sockaddr_in *)start)->sin_addr, 4);
        return 4;
    }
    if (address->family != AF_INET6) return 0;
    memcpy(octets, &((const struct sockaddr_in6 *)start)->sin6_addr, 16);
    return 16;
}
