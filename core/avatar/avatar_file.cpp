#include "core/avatar/avatar_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "core/avatar/part_files.h"
#include "core/base/parallel.h"
#include "core/formats/json_file.h"
#include "core/head/head_asset.h"
#include "core/image/file_bytes.h"
#include "core/image/save.h"

namespace likeness {
namespace {

using nlohmann::json;

constexpr ZipLimits file_limits = {
    .max_entries = 1000, .max_entry_bytes = std::uint64_t(512) << 20, .max_total_bytes = std::uint64_t(2) << 30};

const PartFile* find_part(const std::string& name) {
    const auto it =
        std::find_if(part_files.begin(), part_files.end(), [&](const PartFile& p) { return p.name == name; });
    return it == part_files.end() ? nullptr : &*it;
}

// Entries that are no part's: made anew whenever a file is written. The first version named the Gaussians' otherwise.
bool is_derived(const std::string& entry, int version) {
    return entry == "avatar.json" || entry == "head.safetensors" || entry == "thumbnail.png" ||
           (version == 1 && entry == "splats.safetensors");
}

// A part's version as the file says; 1 when it says nothing.
int version_of(const json& parts, const std::string& name) {
    const auto it = parts.find(name);
    return it == parts.end() ? 1 : it->get<int>();
}

Result<Avatar> read_avatar(const ZipReader& zip, const std::string& name, HeadRegistry* heads) {
    const auto damaged = [&](const std::string& detail) { return damaged_avatar(name, detail); };
    const Error newer{ErrorCode::bad_input,
                      "'" + name + "' was made by a newer version of Likeness; update to open it.", ""};
    const auto text = zip.read("avatar.json");
    if (!text) return damaged(text.error().message);
    auto document = parse_json({reinterpret_cast<const char*>(text->data()), text->size()}, name);
    if (!document) return document.error();
    Avatar avatar;
    KeptContent kept;
    try {
        if (document->value("format", "") != "likeness") return damaged("format");
        const int version = document->at("version").get<int>();
        if (version > avatar_file_version || !document->value("required_features", json::array()).empty()) return newer;
        if (version < 1) return damaged("version");
        const json versions = version > 1 ? document->at("parts") : json::object();
        if (!versions.is_object()) return damaged("parts");
        const auto hash = document->at("head").at("hash").get<std::string>();
        if (heads) avatar.model = heads->find(hash);
        const bool head_is_own = !avatar.model;
        // Also where it is not needed: a file that is damaged there opens nowhere else.
        auto bytes = zip.read("head.safetensors");
        if (!bytes) return bytes.error();
        auto own = load_head(*std::move(bytes), name);
        if (!own) return own.error();
        if (head_is_own) avatar.model = heads ? heads->share(*std::move(own)) : *std::move(own);
        const PartReader file(zip, name, version, head_is_own, *document);
        std::set<std::string> unknown;
        for (const PartFile& part : part_files) {
            if (version_of(versions, part.name) > part.version) {
                if (part.essential) return newer;
                unknown.insert(part.name);
            } else if (Status read = part.read(file, avatar); !read) {
                return read.error();
            }
        }
        for (const std::string& entry : zip.names()) {
            if (is_derived(entry, version)) continue;
            const std::string part = part_of(entry);
            if (find_part(part) && !unknown.contains(part)) continue;
            unknown.insert(part);
            auto content = zip.read(entry);
            if (!content) return content.error();
            kept.entries.push_back({entry, std::make_shared<const std::vector<std::uint8_t>>(*std::move(content))});
        }
        for (const std::string& part : unknown)
            kept.unknown.push_back({part, versions.contains(part) ? version_of(versions, part) : 0});
        document->erase("parts");
        document->erase("source");  // the first files'
        if (version == 1 && document->contains("studio") && document->at("studio").is_object())
            document->at("studio").erase("identity_change");  // a part since then
        kept.document = document->dump();
    } catch (const json::exception& failure) {
        return damaged(failure.what());
    }
    avatar.kept = std::move(kept);
    return avatar;
}

// Whether load_avatar will take these bytes, with the head known and without.
Status check_readable(const std::vector<std::uint8_t>& bytes, const Avatar& avatar, const std::string& name) {
    HeadRegistry known(avatar.model);
    const std::array<HeadRegistry*, 2> registries = {&known, nullptr};
    std::array<std::optional<Error>, 2> refused;
    parallel_for(registries.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const auto zip = ZipReader::open(bytes, name, file_limits);
            const auto read = zip ? read_avatar(*zip, name, registries[i]) : Result<Avatar>(zip.error());
            if (!read) refused[i] = read.error();
        }
    });
    for (const std::optional<Error>& error : refused)
        if (error)
            return Error{error->code == ErrorCode::out_of_memory ? ErrorCode::out_of_memory : ErrorCode::internal,
                         "The avatar holds what could not be opened again, so '" + name + "' was not written.",
                         error->message + " " + error->detail};
    return {};
}

}  // namespace

Status save_avatar(const std::filesystem::path& path, const Avatar& avatar, const Image& thumbnail, FileAccess access) {
    if (!avatar.prepared()) {
        Avatar shaped = avatar;
        shaped.prepare();
        return save_avatar(path, shaped, thumbnail, access);
    }
    const HeadModel& model = *avatar.model;
    const KeptContent& kept = *avatar.kept;
    ZipWriter parts;
    json versions = json::object();
    const auto keeps = [&](const char* name) {
        return std::any_of(kept.unknown.begin(), kept.unknown.end(), [&](const KeptPart& p) { return p.name == name; });
    };
    for (const PartFile& part : part_files)
        if (!keeps(part.name) && part.write(avatar, parts)) versions[part.name] = part.version;
    for (const KeptPart& part : kept.unknown)
        if (part.version > 0) versions[part.name] = part.version;
    for (const KeptEntry& entry : kept.entries) parts.add(entry.name, *entry.bytes);

    json document = kept.document.empty() ? json::object() : json::parse(kept.document, nullptr, false);
    if (!document.is_object()) document = json::object();
    document["format"] = "likeness";
    document["version"] = avatar_file_version;
    document["units"] = "m";
    document["required_features"] = json::array();
    document["head"] = {{"name", model.name}, {"licence", model.licence}, {"hash", head_hash(model)}};
    document["parts"] = versions;
    document["layers"] = splat_part_names;
    document["gaussians"] = avatar.splats->count;
    ZipWriter zip;
    zip.add("avatar.json", json_text(document));
    zip.add(std::move(parts));
    zip.add("head.safetensors", encode_head(model, avatar.head()));
    if (!thumbnail.empty()) zip.add("thumbnail.png", encode_png(thumbnail), ZipWriter::Method::stored);
    const auto bytes = zip.encode(path.string());
    if (!bytes) return bytes.error();
    if (Status readable = check_readable(*bytes, avatar, path.string()); !readable) return readable;
    return save_file(path, *bytes, access);
}

Result<Avatar> load_avatar(const std::filesystem::path& path, HeadRegistry* heads) {
    const auto zip = ZipReader::open(path, file_limits);
    if (!zip) return zip.error();
    auto avatar = read_avatar(*zip, path.string(), heads);
    if (!avatar) return avatar;
    avatar->prepare();
    avatar->rebuild_anchors();
    return avatar;
}

std::string unknown_parts_sentence(const Avatar& avatar, const std::string& name) {
    std::string names;
    for (const KeptPart& part : avatar.kept->unknown) names += (names.empty() ? "" : ", ") + part.name;
    if (names.empty()) return "";
    return "'" + name + "' has parts that this version does not know (" + names +
           "); they are not shown, and are kept when it is saved.";
}

}  // namespace likeness
