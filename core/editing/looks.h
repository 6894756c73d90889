// Looks: make-up of several kinds with its values, as data. A file is JSON: {"looks": [{"name": "evening", "title":
// "Evening", "make_up": [{"kind": "lipstick", "color": "#8a1020", "amount": {"amount": 0.9}}, ...]}, ...]}. What is
// left out is as usual for the person.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/editing/make_up.h"

namespace likeness {

struct LookMakeUp {
    std::string kind;
    std::optional<std::array<float, 3>> color;  // sRGB-encoded; none: what is usual for the person
    std::map<std::string, float> amount;        // by name; others as usual
};
struct Look {
    std::string name;                 // in commands: a-z, 0-9, _
    std::string title;                // for people
    std::vector<LookMakeUp> make_up;  // the lowest layer first
};

inline constexpr std::size_t most_looks = 256, most_of_a_look = 64;

// Kinds and amounts are known ones, numbers in their ranges, names differ. Errors: bad_input (which file, which look,
// what is wrong with it).
Result<std::vector<Look>> parse_looks(std::string_view text, const std::string& file);
// Errors: the same, and not_found, io.
Result<std::vector<Look>> load_looks(const std::filesystem::path& file);
// Those that come with the program (assets/looks.json).
Result<std::vector<Look>> own_looks();

// With what is usual for this person where the look says nothing.
std::vector<MakeUp> make_up_of(const Look& look, const FaceRegions& regions);

}  // namespace likeness
