// Shared by the files that make up Studio; not for others.
#pragma once

#include <cctype>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/head/head_asset.h"
#include "core/studio/session_file.h"
#include "core/studio/studio.h"

namespace likeness {

// What workers need and share; loaded on the first of them that asks.
struct Studio::Tools {
    std::mutex mutex;  // the networks serve one portrait at a time
    std::optional<PortraitTools> portrait;

    std::mutex head_mutex;
    std::shared_ptr<const HeadModel> head;
    std::mutex device_mutex;
    std::string device_name;
    std::optional<Device> device;

    // Precondition: `mutex` is held.
    Result<PortraitTools*> load_portrait_tools() {
        if (!portrait) {
            auto loaded = PortraitTools::load(load_head());  // one head for all documents: their avatars share it
            if (!loaded) return loaded.error();
            portrait.emplace(*std::move(loaded));
        }
        return &*portrait;
    }
    // Null when there is no default head: files bring their own.
    std::shared_ptr<const HeadModel> load_head() {
        std::lock_guard lock(head_mutex);
        if (!head)
            if (auto loaded = load_default_head()) head = *std::move(loaded);
        return head;
    }
    Result<Device> open_device(const std::string& name) {
        std::lock_guard lock(device_mutex);
        if (!device || device_name != name) {
            auto opened = choose_device(name);
            if (!opened) return opened.error();
            device = *std::move(opened);
            device_name = name;
        }
        return *device;
    }
};

// Made on a worker: everything of a portrait or an avatar's file that its document needs.
struct Studio::Opened {
    std::uint64_t document = 0;  // that it belongs to; 0: a new one
    DocumentState state;
    std::shared_ptr<const PhotoEvidence> evidence;  // null of a file's avatar
    std::shared_ptr<const SourcePhotograph> source;
    std::vector<std::string> warnings;
    bool same_face = false;
};

inline Error studio_error(const std::string& sentence, const std::string& detail = "") {
    return {ErrorCode::invalid_argument, sentence, detail};
}

// ".jpg" of "A.JPG".
inline std::string lower_extension(const std::filesystem::path& file) {
    std::string ending = file.extension().string();
    for (char& c : ending) c = char(std::tolower(static_cast<unsigned char>(c)));
    return ending;
}

}  // namespace likeness
