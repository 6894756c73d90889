#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/describe_file.h"
#include "core/avatar/avatar_file.h"
#include "core/avatar/part_files.h"
#include "core/base/paths.h"
#include "core/files/file_formats.h"
#include "core/formats/json_file.h"

namespace likeness {
namespace {

int info(const std::string& file, const CommonOptions& common) {
    const FileFormat* format = format_of(file, openable);
    if (format && format->holds() != FileContent::avatar) return describe_file(file, *format, common);
    HeadRegistry heads;
    auto avatar = load_avatar(file, &heads);
    if (!avatar) return report(avatar.error(), common);
    std::array<std::size_t, splat_part_names.size()> parts{};
    for (SplatPart part : avatar->splats->part) ++parts[std::size_t(part)];
    if (common.json) {
        nlohmann::json document = nlohmann::json::parse(avatar->kept->document);
        document["source"] = source_to_json(*avatar);
        document["unknown_parts"] = nlohmann::json::array();
        for (const KeptPart& part : avatar->kept->unknown) document["unknown_parts"].push_back(part.name);
        for (std::size_t l = 0; l < parts.size(); ++l) document["gaussians_by_part"][splat_part_names[l]] = parts[l];
        document["controls"] = avatar->model->control_names;
        document["joints"] = avatar->model->joint_names;
        std::printf("%s\n", json_text(document).c_str());
        return exit_ok;
    }
    std::printf("%s\n  made from  %s\n  head       %s (%s)\n  Gaussians  %zu:", file.c_str(), avatar->source->file.c_str(),
                avatar->model->name.c_str(), avatar->model->licence.c_str(), avatar->splats->count);
    for (std::size_t l = 0; l < parts.size(); ++l)
        if (parts[l]) std::printf(" %s %zu", splat_part_names[l], parts[l]);
    std::printf("\n  controls  ");
    for (const std::string& name : avatar->model->control_names) std::printf(" %s", name.c_str());
    std::printf("\n  joints    ");
    for (const std::string& name : avatar->model->joint_names) std::printf(" %s", name.c_str());
    std::printf("\n");
    if (const std::string unknown = unknown_parts_sentence(*avatar, file); !unknown.empty())
        std::printf("  note       %s\n", unknown.c_str());
    return exit_ok;
}

struct ModelFile {
    const char* name;
    const char* purpose;
    bool needed;
};
constexpr ModelFile model_files[] = {
    {"head.safetensors", "the default head (MakeHuman, CC0)", true},
    {"face_detection_short_range.tflite", "finds faces", true},
    {"face_landmark_with_attention.tflite", "478 face landmarks", true},
    {"selfie_segmentation.tflite", "cuts the person out", true},
    {"face_landmarker.task", "52 blendshape scores (optional; put your own copy beside the others)", false},
};

int models(const CommonOptions& common) {
    bool complete = true;
    nlohmann::json list = nlohmann::json::array();
    for (const ModelFile& file : model_files) {
        const auto path = find_asset(file.name);
        if (!path && file.needed) complete = false;
        if (common.json)
            list.push_back({{"name", file.name}, {"purpose", file.purpose}, {"needed", file.needed},
                            {"path", path ? nlohmann::json(path->string()) : nlohmann::json()}});
        else
            std::printf("%-10s %-38s %s\n", path ? "found" : file.needed ? "MISSING" : "not there", file.name, file.purpose);
    }
    if (common.json) std::printf("%s\n", json_text(list).c_str());
    return complete ? exit_ok : exit_input;
}

}  // namespace

Subcommand add_info_command(CLI::App& app, const CommonOptions& common) {
    auto file = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("info", "Say what an avatar is, or another file that the studio opens");
    command->add_option("avatar", *file, "Avatar (.likeness), splats, a motion or a picture")->required();
    return [file, &common] { return info(*file, common); };
}

Subcommand add_models_command(CLI::App& app, const CommonOptions& common) {
    app.add_subcommand("models", "Say which models are found and which are missing");
    return [&common] { return models(common); };
}

}  // namespace likeness
