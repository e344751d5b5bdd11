#include "daemon/libraries.h"

#include <bzlib.h>
#include <confuse.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <jansson.h>
#ifdef CASCADED_KAFKA
#include <librdkafka/rdkafka.h>
#endif
#include <lzma.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <string.h>
#include <utf8proc.h>
#include <wslay/wslay.h>
#include <zlib.h>
#include <zstd.h>

#define TEXT_OF(number) #number
#define VERSION_OF(major, minor, patch)                                                \
    TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

void
libraries_print(FILE *out)
{
    const struct {
        const char *name;
        const char *version;
    } rows[] = {
        {"libevent", event_get_version()},
        {"libcurl", curl_version_info(CURLVERSION_NOW)->version},
        {"OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"libmicrohttpd", MHD_get_version()},
        {"wslay", WSLAY_VERSION},
        {"hiredis", VERSION_OF(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH)},
        {"simdjson", CASCADED_SIMDJSON},
        {"jansson", jansson_version_str()},
        {"libconfuse", confuse_version},
#ifdef CASCADED_KAFKA
        {"librdkafka", rd_kafka_version_str()},
#endif
        {"utf8proc", utf8proc_version()},
        {"zlib", zlibVersion()},
        {"bzip2", BZ2_bzlibVersion()},
        {"xz", lzma_version_string()},
        {"zstd", ZSTD_versionString()},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        // "1.0.8, 13-Jul-2019"
        int length = (int)strcspn(rows[i].version, ",");
        fprintf(out, "%s %.*s\n", rows[i].name, length, rows[i].version);
    }
}
