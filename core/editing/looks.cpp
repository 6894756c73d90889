#include "core/editing/looks.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/paths.h"
#include "core/formats/json_file.h"

namespace likeness {
namespace {

struct LookFault {
    std::string what;
};

[[noreturn]] void wrong(const std::string& look, const std::string& what) {
    throw LookFault{(look.empty() ? "" : "its look '" + look + "' ") + what};
}

const nlohmann::json& member(const nlohmann::json& of, const char* name, nlohmann::json::value_t type,
                             const std::string& look) {
    const auto found = of.find(name);
    if (found == of.end() || found->type() != type) wrong(look, std::string("has no '") + name + "' of the right kind");
    return *found;
}

std::array<float, 3> look_color(const std::string& text, const std::string& look) {
    const auto is_digit = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    if (text.size() != 7 || text[0] != '#' || !std::all_of(text.begin() + 1, text.end(), is_digit))
        wrong(look, "has a color that is not like #8a1020");
    const unsigned long rgb = std::stoul(text.substr(1), nullptr, 16);
    return {float(rgb >> 16 & 255) / 255.0f, float(rgb >> 8 & 255) / 255.0f, float(rgb & 255) / 255.0f};
}

LookMakeUp make_up_from(const nlohmann::json& from, const std::string& look) {
    using Type = nlohmann::json::value_t;
    if (!from.is_object()) wrong(look, "has make-up that is no object");
    LookMakeUp make_up;
    make_up.kind = member(from, "kind", Type::string, look).get<std::string>();
    const MakeUpKind* kind = make_up_kind(make_up.kind);
    if (!kind) wrong(look, "has make-up of a kind that is not known");
    if (from.contains("color")) make_up.color = look_color(member(from, "color", Type::string, look), look);
    if (!from.contains("amount")) return make_up;
    for (const auto& [name, value] : member(from, "amount", Type::object, look).items()) {
        const auto known = std::find_if(kind->amounts.begin(), kind->amounts.end(),
                                        [&](const MakeUpAmount& a) { return a.name == name; });
        if (known == kind->amounts.end()) wrong(look, "sets what " + make_up.kind + " does not have");
        if (!value.is_number()) wrong(look, "has a value that is no number, " + make_up.kind + "'s " + known->name);
        const double number = value.get<double>();
        if (!(number >= double(known->low) - 1e-6 && number <= double(known->high) + 1e-6))
            wrong(look, "has a value out of range, " + make_up.kind + "'s " + known->name);
        make_up.amount[name] = std::clamp(float(number), known->low, known->high);
    }
    return make_up;
}

std::vector<Look> looks_from(const nlohmann::json& document) {
    using Type = nlohmann::json::value_t;
    if (!document.is_object()) wrong("", "is no JSON object");
    const nlohmann::json& list = member(document, "looks", Type::array, "");
    if (list.size() > most_looks) wrong("", "has more than " + std::to_string(most_looks) + " looks");
    std::vector<Look> looks;
    std::set<std::string> names;
    for (const nlohmann::json& from : list) {
        if (!from.is_object()) wrong("", "has a look that is no object");
        Look look;
        look.name = member(from, "name", Type::string, "").get<std::string>();
        const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
        if (look.name.empty() || look.name.size() > 40 || !std::all_of(look.name.begin(), look.name.end(), plain))
            wrong("", "has a look whose name is not made of a-z, 0-9 and _");
        if (!names.insert(look.name).second) wrong(look.name, "is there twice");
        look.title = member(from, "title", Type::string, look.name).get<std::string>();
        if (look.title.empty() || look.title.size() > 80) wrong(look.name, "has no title, or a very long one");
        const nlohmann::json& all = member(from, "make_up", Type::array, look.name);
        if (all.size() > most_of_a_look)
            wrong(look.name, "has more than " + std::to_string(most_of_a_look) + " layers");
        for (const nlohmann::json& one : all) look.make_up.push_back(make_up_from(one, look.name));
        looks.push_back(std::move(look));
    }
    return looks;
}

Result<std::vector<Look>> looks_of(const Result<nlohmann::json>& document, const std::string& file) {
    if (!document) return document.error();
    try {
        return looks_from(*document);
    } catch (const LookFault& fault) {
        return Error{ErrorCode::bad_input, "'" + file + "' is not a file of looks: " + fault.what + ".", ""};
    }
}

}  // namespace

Result<std::vector<Look>> parse_looks(std::string_view text, const std::string& file) {
    return looks_of(parse_json(text, file), file);
}

Result<std::vector<Look>> load_looks(const std::filesystem::path& file) {
    return looks_of(load_json(file), file.string());
}

Result<std::vector<Look>> own_looks() {
    const Result<std::filesystem::path> file = find_asset("looks.json");
    if (!file) return file.error();
    return load_looks(*file);
}

std::vector<MakeUp> make_up_of(const Look& look, const FaceRegions& regions) {
    std::vector<MakeUp> all;
    for (const LookMakeUp& of : look.make_up) {
        MakeUp make_up = usual_make_up(regions, of.kind);
        if (of.color) make_up.color = *of.color;
        for (const auto& [name, value] : of.amount) make_up.amount[name] = value;
        all.push_back(std::move(make_up));
    }
    return all;
}

}  // namespace likeness
