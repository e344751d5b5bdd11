#include "sinks/http/http_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/redact.h"

#define AT(member) offsetof(struct http_options, member)

enum { PORT_MAX = 65535 };

// clang-format off
const struct option http_options_rows[] = {
    {"http.listen", OPTION_TEXT, "127.0.0.1:7787", 0, OPTION_TEXT_MAX - 1, false,
     AT(listen), "Address of the live daemon's HTTP server; empty for none"},
    {"http.allow_remote", OPTION_BOOL, "false", 0, 1, false,
     AT(allow_remote), "Allow an address that other machines can reach"},
    {"http.hosts", OPTION_TEXTS, "", 0, OPTION_TEXTS_MAX, false,
     AT(hosts), "Further names of this server, as in the address of the page; requests with another Host are refused"},
    {"http.token_file", OPTION_TEXT, "", 0, OPTION_TEXT_MAX - 1, false,
     AT(token_file), "File with the token that POST /api/v1/posts requires; empty: posts cannot be pushed"},
    {"http.max_body", OPTION_BYTES, "16M", 1 << 10, 64 << 20, false,
     AT(max_body), "Maximum size of a body of posts"},
    {"http.timeout", OPTION_SPAN, "10s", USEC_PER_S, USEC_PER_HOUR, false,
     AT(timeout), "Maximum time of a request with its answer; also from the connection, or the"
     " answer before, to the next request"},
    OPTION_END,
};
// clang-format on

static enum status
bad_address(const struct http_options *options, struct error *error)
{
    return error_set(error, STATUS_PARSE,
                     "http.listen: \"%s\" is not an address: write it as "
                     "127.0.0.1:7787 or [::1]:7787",
                     options->listen);
}

static bool
parse(const char *text, struct http_address *address)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2];
    if (colon == NULL || (size_t)(colon - text) >= sizeof(host) || colon[1] < '0' ||
        colon[1] > '9') {
        return false;
    }
    size_t len = (size_t)(colon - text);
    memcpy(host, text, len);
    host[len] = '\0';
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port > PORT_MAX) {
        return false;
    }
    memset(address, 0, sizeof(*address));
    if (host[0] == '[' && host[len - 1] == ']') {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&address->storage;
        host[len - 1] = '\0';
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        address->length = sizeof(*six);
        bool is_good = inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1;
        address->is_loopback = is_good && IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
        return is_good;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&address->storage;
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    address->length = sizeof(*four);
    bool is_good = inet_pton(AF_INET, host, &four->sin_addr) == 1;
    address->is_loopback = is_good && ntohl(four->sin_addr.s_addr) >> 24 == 127;
    return is_good;
}

enum status
http_options_address(const struct http_options *options,
                     struct http_address *ret_address, struct error *error)
{
    struct http_address address;
    if (!parse(options->listen, &address)) {
        return bad_address(options, error);
    }
    if (!address.is_loopback && !options->allow_remote) {
        return error_set(error, STATUS_RANGE,
                         "http.listen: other machines can reach %s: choose 127.0.0.1 "
                         "or [::1], or set http.allow_remote if this is intended",
                         options->listen);
    }
    *ret_address = address;
    return STATUS_OK;
}

static bool
is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] >= 0x7f) {
            return false;
        }
    }
    return len != 0;
}

enum status
http_options_token(const struct http_options *options, char ret_token[HTTP_TOKEN_MAX],
                   struct error *error)
{
    const char *path = options->token_file;
    ret_token[0] = '\0';
    if (path[0] == '\0') {
        return STATUS_OK;
    }
    char text[HTTP_TOKEN_MAX];
    char shown[REDACT_MAX];
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (size < 0 || fstat(fd, &status) != 0) {
        error_set(error, STATUS_IO, "http.token_file: cannot read %s: %s",
                  redact_path(path, errno, shown), strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return STATUS_IO;
    }
    close(fd);
    if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        return error_set(error, STATUS_IO,
                         "http.token_file: other users may read or change %s: chmod "
                         "600 it, and create a new token",
                         path);
    }
    size_t len = (size_t)size;
    while (len != 0 && strchr("\r\n \t", text[len - 1]) != NULL) {
        len--;
    }
    if (!is_token(text, len)) {
        return error_set(error, STATUS_PARSE,
                         "http.token_file: %s does not contain one token on one line",
                         path);
    }
    memcpy(ret_token, text, len);
    ret_token[len] = '\0';
    return STATUS_OK;
}

static enum status
check_hosts(const struct http_options *options, struct error *error)
{
    const char *item = NULL;
    while ((item = option_texts_next(&options->hosts, item)) != NULL) {
        if (strpbrk(item, ":/ \t*") != NULL) {
            return error_set(
                error, STATUS_PARSE,
                "http.hosts: \"%s\" is not a name: write it without scheme "
                "and port, for example cascaded.example.org",
                item);
        }
    }
    return STATUS_OK;
}

enum status
http_options_check(const struct http_options *options, struct error *error)
{
    struct http_address address;
    char token[HTTP_TOKEN_MAX];
    if (options->listen[0] == '\0') {
        return STATUS_OK;
    }
    enum status status = http_options_address(options, &address, error);
    if (status == STATUS_OK) {
        status = check_hosts(options, error);
    }
    return status == STATUS_OK ? http_options_token(options, token, error) : status;
}
