#pragma once

#include <curl/curl.h>

// curl's setters and getters are variadic, which Swift cannot call: one typed name for each shape.
typedef size_t (*curl_data_callback)(char *, size_t, size_t, void *);
typedef int (*curl_socket_change_callback)(CURL *, curl_socket_t, int, void *, void *);
typedef int (*curl_timer_change_callback)(CURLM *, long, void *);
typedef int (*curl_sockopt_callback_t)(void *, curl_socket_t, curlsocktype);

static inline CURLcode curl_set_long(CURL *h, CURLoption o, long v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode curl_set_string(CURL *h, CURLoption o, const char *v) {
    return curl_easy_setopt(h, o, v);
}
static inline CURLcode curl_set_pointer(CURL *h, CURLoption o, const void *v) {
    return curl_easy_setopt(h, o, v);
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
static inline CURLcode curl_get_long(CURL *h, CURLINFO i, long *v) {
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
