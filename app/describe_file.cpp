#include "app/describe_file.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace likeness {
namespace {

using nlohmann::ordered_json;

// One overload a content, in names that are the rows of the text and the members of the JSON.
struct Describe {
    ordered_json& to;

    void operator()(const SplatSet& splats) const {
        to["gaussians"] = splats.count;
        to["harmonics"] = splats.harmonics ? splats.harmonics->degree : 0;
    }
    void operator()(const MotionTrack& motion) const {
        to["frames"] = motion.frame_count();
        to["seconds"] = motion.duration();
        to["head"] = !motion.head.empty();
        to["controls"] = motion.names;
    }
    void operator()(const LoadedImage& picture) const {
        to["width"] = picture.original_width;
        to["height"] = picture.original_height;
        to["bits"] = picture.bit_depth;
        to["orientation"] = picture.orientation;
        to["colors_converted"] = picture.profile_converted;
    }
    void operator()(const Avatar&) const {}
    void operator()(const EnvironmentMap&) const {}
};

}  // namespace

int describe_file(const std::filesystem::path& file, const FileFormat& format, const CommonOptions& common) {
    std::vector<std::string> notes;
    const auto value = format.read(file, {.notes = &notes});
    if (!value) return report(value.error(), common);
    ordered_json document = {{"file", file.string()}, {"kind", format.title()}};
    std::visit(Describe{document}, *value);
    document["notes"] = notes;
    if (common.json) {
        std::printf("%s\n", document.dump(2, ' ', false, ordered_json::error_handler_t::replace).c_str());
        return exit_ok;
    }
    std::printf("%s\n", file.c_str());
    for (const auto& [name, entry] : document.items()) {
        if (name == "file" || name == "notes") continue;
        std::string text = entry.is_string() ? entry.get<std::string>() : "";
        if (entry.is_array())
            for (const auto& word : entry) text += (text.empty() ? "" : " ") + word.get<std::string>();
        if (text.empty()) text = entry.dump();
        std::printf("  %-17s%s\n", name.c_str(), text.c_str());
    }
    for (const std::string& note : notes) std::printf("  %-17s%s\n", "note", note.c_str());
    return exit_ok;
}

}  // namespace likeness
