// The parts of an avatar as entries of its file. A part's entries are named after it: "gaussians.safetensors",
// "maps.json", "maps/albedo.safetensors".
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "core/avatar/avatar.h"
#include "core/base/result.h"
#include "core/formats/safetensors.h"
#include "core/formats/zip.h"

namespace likeness {

// The error for content that cannot be an avatar's.
Error damaged_avatar(const std::string& file, const std::string& detail);

// An open file, while it is read. `name` stands for it in errors.
class PartReader {
  public:
    PartReader(const ZipReader& zip, std::string name, int file_version, bool head_is_own, nlohmann::json avatar_json)
        : version(file_version),
          own_head(head_is_own),
          document(std::move(avatar_json)),
          zip_(zip),
          file_(std::move(name)) {}

    bool contains(const std::string& entry) const { return zip_.contains(entry); }
    std::uint64_t size(const std::string& entry) const { return zip_.size(entry); }  // inflated
    Result<Safetensors> tensors(const std::string& entry) const;
    Result<nlohmann::json> json(const std::string& entry) const;
    Result<Image> picture(const std::string& entry, int max_side) const;
    Error damaged(const std::string& detail) const { return damaged_avatar(file_, detail); }

    const int version;              // of the file
    const bool own_head;            // the model is the file's: the person's shape is in it already
    const nlohmann::json document;  // avatar.json

  private:
    const ZipReader& zip_;
    std::string file_;
};

struct PartFile {
    const char* name;
    int version;
    bool essential;  // without it, or of a newer version, there is no avatar
    // Fills its part of an avatar whose essential parts before it, and head, are there. The part may be missing unless
    // it is essential.
    Status (*read)(const PartReader& file, Avatar& avatar);
    // Adds its entries; none, and false, for a part that holds nothing. Precondition: prepared().
    bool (*write)(const Avatar& avatar, ZipWriter& zip);
};
// In the order of reading.
extern const std::array<PartFile, 9> part_files;

// The part that an entry belongs to: "maps" of "maps/albedo.safetensors".
std::string part_of(const std::string& entry);

nlohmann::json source_to_json(const Avatar& avatar);

}  // namespace likeness
