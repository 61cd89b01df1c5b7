#pragma once

#include <sqlite3.h>

// SQLITE_TRANSIENT and SQLITE_STATIC are casts that Swift's importer cannot read.
static inline int sqlite_bind_blob_static(sqlite3_stmt *s, int i, const void *p, sqlite3_uint64 n) {
    return sqlite3_bind_blob64(s, i, p, n, SQLITE_STATIC);
}

// An empty text may come without an address, which SQLite would take for NULL.
static inline int sqlite_bind_text_static(sqlite3_stmt *s, int i, const char *p, sqlite3_uint64 n) {
    return sqlite3_bind_text64(s, i, p ? p : "", n, SQLITE_STATIC, SQLITE_UTF8);
}

static inline int sqlite_bind_text_copied(sqlite3_stmt *s, int i, const char *p, sqlite3_uint64 n) {
    return sqlite3_bind_text64(s, i, p ? p : "", n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// sqlite3_config and sqlite3_db_config are variadic.
static inline int sqlite_config_flag(int option, int value) {
    return sqlite3_config(option, value);
}

static inline int sqlite_db_config_flag(sqlite3 *db, int option, int value) {
    return sqlite3_db_config(db, option, value, (int *)0);
}

// Has the file system set room aside for a file, so that writing within it needs none later.
static inline int sqlite_allocate(sqlite3_file *file, int chunk, sqlite3_int64 size) {
    if (!file || !file->pMethods) return SQLITE_NOTFOUND;
    int result = file->pMethods->xFileControl(file, SQLITE_FCNTL_CHUNK_SIZE, &chunk);
    if (result) return result;
    return file->pMethods->xFileControl(file, SQLITE_FCNTL_SIZE_HINT, &size);
}

static inline int sqlite_allocate_database(sqlite3 *db, int chunk, sqlite3_int64 size) {
    sqlite3_file *file = 0;
    int result = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return result ? result : sqlite_allocate(file, chunk, size);
}

static inline int sqlite_allocate_log(sqlite3 *db, int chunk, sqlite3_int64 size) {
    sqlite3_file *file = 0;
    int result = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    return result ? result : sqlite_allocate(file, chunk, size);
}
