#include "core/formats/json_file.h"

#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/image/file_bytes.h"

namespace likeness {
namespace {

using nlohmann::json;

// Reads a text without keeping it: its depth, number of values and repeated keys. A parser with a callback would do this
// and build the document at once, but looks through all values of a list for each object in it.
class Guard {
  public:
    explicit Guard(const JsonLimits& limits) : limits_(limits) {}

    std::string reason, detail;  // why the text cannot be used

    bool null() { return count(); }
    bool boolean(bool) { return count(); }
    bool number_integer(std::int64_t) { return count(); }
    bool number_unsigned(std::uint64_t) { return count(); }
    bool number_float(double, const std::string&) { return count(); }
    bool string(std::string&) { return count(); }
    bool binary(json::binary_t&) { return count(); }
    bool start_object(std::size_t) { return start(); }
    bool start_array(std::size_t) { return start(); }
    bool end_object() { return end(); }
    bool end_array() { return end(); }
    bool key(std::string& name) {
        if (!keys_.back().insert(name).second) return refuse("has the name '" + name + "' twice");
        return count();
    }
    bool parse_error(std::size_t, const std::string&, const json::exception& wrong) {
        detail = wrong.what();
        return refuse("is not valid JSON");
    }

  private:
    bool refuse(const std::string& why) {
        reason = why;
        return false;
    }
    bool count() { return ++values_ <= limits_.max_values || refuse("holds too many values"); }
    bool start() {
        keys_.emplace_back();
        if (keys_.size() > std::size_t(limits_.max_depth)) return refuse("is nested too deeply");
        return count();
    }
    bool end() {
        keys_.pop_back();
        return true;
    }

    const JsonLimits& limits_;
    std::vector<std::set<std::string>> keys_;  // of each open object; none for a list
    std::size_t values_ = 0;
};

}  // namespace

Result<json> parse_json(std::string_view text, const std::string& name, const JsonLimits& limits) {
    const auto bad = [&](const std::string& reason, const std::string& detail) {
        return Error{ErrorCode::bad_input, "'" + name + "' " + reason + "; choose another file.", detail};
    };
    if (text.size() > limits.max_bytes) return bad("holds too much JSON text", std::to_string(text.size()) + " bytes");
    try {
        Guard guard(limits);
        if (!json::sax_parse(text.begin(), text.end(), &guard)) return bad(guard.reason, guard.detail);
        return json::parse(text.begin(), text.end());
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read '" + name + "'.", "JSON"};
    }
}

Result<json> load_json(const std::filesystem::path& path, const JsonLimits& limits) {
    const Result<std::vector<std::uint8_t>> bytes = read_file(path, limits.max_bytes);
    if (!bytes) return bytes.error();
    return parse_json({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path.string(), limits);
}

std::string json_text(const nlohmann::json& value, int indent) {
    return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

Status save_json(const std::filesystem::path& path, const nlohmann::json& value, FileAccess access) {
    const std::string text = json_text(value) + "\n";
    return save_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, access);
}

}  // namespace likeness
