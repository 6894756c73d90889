#include "core/formats/json_file.h"

#include <new>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "core/image/file_bytes.h"

namespace likeness {
namespace {

struct LimitReached {
    std::string reason;
};

// Watches the parser: depth, number of values, repeated keys.
class Guard {
  public:
    explicit Guard(const JsonLimits& limits) : limits_(limits) {}

    bool operator()(int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
        using Event = nlohmann::json::parse_event_t;
        switch (event) {
            case Event::object_start:
            case Event::array_start:
                count();
                keys_.emplace_back();
                if (keys_.size() > static_cast<std::size_t>(limits_.max_depth))
                    throw LimitReached{"is nested too deeply"};
                break;
            case Event::object_end:
            case Event::array_end:
                if (!keys_.empty()) keys_.pop_back();
                break;
            case Event::key:
                count();
                if (!keys_.empty() && !keys_.back().insert(value.get_ref<const std::string&>()).second)
                    throw LimitReached{"has the name '" + value.get<std::string>() + "' twice"};
                break;
            case Event::value:
                count();
                break;
        }
        return true;
    }

  private:
    void count() {
        if (++values_ > limits_.max_values) throw LimitReached{"holds too many values"};
    }
    const JsonLimits& limits_;
    std::vector<std::set<std::string>> keys_;  // of each open object
    std::size_t values_ = 0;
};

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, const std::string& name, const JsonLimits& limits) {
    const auto bad = [&](const std::string& reason, const std::string& detail) {
        return Error{ErrorCode::bad_input, "'" + name + "' " + reason + "; choose another file.", detail};
    };
    if (text.size() > limits.max_bytes) return bad("holds too much JSON text", std::to_string(text.size()) + " bytes");
    try {
        Guard guard(limits);
        return nlohmann::json::parse(text.begin(), text.end(), std::ref(guard));
    } catch (const LimitReached& limit) {
        return bad(limit.reason, "JSON limit");
    } catch (const nlohmann::json::exception& wrong) {
        return bad("is not valid JSON", wrong.what());
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read '" + name + "'.", "JSON"};
    }
}

Result<nlohmann::json> load_json(const std::filesystem::path& path, const JsonLimits& limits) {
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
