// The limit: how fast one core can merely read the fields that cascaded needs out of X
// v1.1 NDJSON, with the fastest JSON reader there is. Nothing is counted, there is no
// Redis.
//
// usage: limit FILE
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

using namespace simdjson;

namespace
{

// What was read goes here, so that the compiler cannot leave the reading out.
size_t taken;

double
cpu_seconds()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void
take_text(ondemand::value value)
{
    std::string_view text;
    if (!value.get_string().get(text)) {
        taken += text.size();
    }
}

void
take_count(ondemand::value value)
{
    uint64_t count = 0;
    if (!value.get_uint64().get(count)) {
        taken += count;
    }
}

void
read_user(ondemand::object user)
{
    for (auto field : user) {
        std::string_view key = field.unescaped_key();
        if (key == "id_str" || key == "screen_name" || key == "name") {
            take_text(field.value());
        } else if (key == "followers_count") {
            take_count(field.value());
        }
    }
}

void
read_list(ondemand::array list, std::string_view one, std::string_view other)
{
    for (auto entry : list) {
        for (auto field : entry.get_object()) {
            std::string_view key = field.unescaped_key();
            if (key == one || key == other) {
                take_text(field.value());
            }
        }
    }
}

void
read_entities(ondemand::object entities)
{
    for (auto field : entities) {
        std::string_view key = field.unescaped_key();
        if (key == "user_mentions") {
            read_list(field.value().get_array(), "id_str", "screen_name");
        } else if (key == "hashtags") {
            read_list(field.value().get_array(), "text", "text");
        }
    }
}

bool
is_text_field(std::string_view key)
{
    return key == "id_str" || key == "created_at" || key == "timestamp_ms" ||
           key == "text" || key == "lang" || key == "in_reply_to_status_id_str" ||
           key == "in_reply_to_user_id_str" || key == "quoted_status_id_str";
}

void
read_post(ondemand::object post, int depth)
{
    for (auto field : post) {
        std::string_view key = field.unescaped_key();
        if (is_text_field(key)) {
            take_text(field.value());
        } else if (key == "retweet_count" || key == "quote_count") {
            take_count(field.value());
        } else if (key == "user") {
            read_user(field.value().get_object());
        } else if (key == "entities") {
            read_entities(field.value().get_object());
        } else if (depth < 2 && (key == "retweeted_status" || key == "quoted_status")) {
            ondemand::object embedded;
            if (!field.value().get_object().get(embedded)) {
                read_post(embedded, depth + 1);
            }
        }
    }
}

std::string
read_file(const char *path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<padded_string>
lines_of(const std::string &bytes)
{
    std::vector<padded_string> lines;
    for (size_t at = 0; at < bytes.size();) {
        size_t end = bytes.find('\n', at);
        end = end == std::string::npos ? bytes.size() : end;
        if (end > at + 1) {
            lines.emplace_back(bytes.data() + at, end - at);
        }
        at = end + 1;
    }
    return lines;
}

} // namespace

int
main(int argc, char **argv)
{
    if (argc != 2) {
        std::fputs("usage: limit FILE\n", stderr);
        return 64;
    }
    std::string bytes = read_file(argv[1]);
    std::vector<padded_string> lines = lines_of(bytes);
    ondemand::parser parser;
    size_t posts = 0;
    size_t refused = 0;
    double start = cpu_seconds();
    for (const padded_string &line : lines) {
        try {
            auto document = parser.iterate(line);
            read_post(document.get_object(), 0);
            posts++;
        } catch (const simdjson_error &) {
            refused++;
        }
    }
    double cpu = cpu_seconds() - start;
    std::printf("{\"posts\": %zu, \"cpu_s\": %.6f, \"refused\": %zu, \"taken\": %zu}\n",
                posts, cpu, refused, taken);
    return 0;
}
