// Zip archives on libzip, read with limits: nothing is inflated that could not be what it claims to be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace likeness {

struct ZipLimits {
    std::size_t max_entries = 10'000;
    std::uint64_t max_entry_bytes = std::uint64_t(2) << 30;  // of one entry, inflated
    std::uint64_t max_total_bytes = std::uint64_t(8) << 30;  // of all entries, inflated
    // Entries larger than ratio_from may not be more than max_ratio times as large as their compressed form.
    double max_ratio = 200.0;
    std::uint64_t ratio_from = std::uint64_t(64) << 20;
};

// An open archive. Not for two threads at once.
class ZipReader {
  public:
    // Errors: not_found, io, out_of_memory, bad_input: no zip, cut off, more than the limits allow, encrypted, an entry
    // whose name is absolute, leads out of the archive ("..", "\") or comes twice.
    static Result<ZipReader> open(const std::filesystem::path& path, const ZipLimits& limits = {});
    // Takes the bytes; `name` stands for the file in messages.
    static Result<ZipReader> open(std::vector<std::uint8_t> bytes, const std::string& name,
                                  const ZipLimits& limits = {});

    ZipReader(ZipReader&&) noexcept;
    ZipReader& operator=(ZipReader&&) noexcept;
    ~ZipReader();

    std::vector<std::string> names() const;  // of files, sorted; folders are left out
    bool contains(const std::string& entry) const;
    std::uint64_t size(const std::string& entry) const;  // inflated; 0 when there is no such entry

    // The content, its checksum verified. Errors: bad_input (no such entry, damaged), io, out_of_memory.
    Result<std::vector<std::uint8_t>> read(const std::string& entry) const;

  private:
    struct State;
    explicit ZipReader(std::unique_ptr<State> state);
    static Result<ZipReader> check(std::unique_ptr<State> state, const ZipLimits& limits);
    std::unique_ptr<State> state_;
};

class ZipWriter {
  public:
    enum class Method { stored, deflated };

    // Takes the bytes. Throws std::invalid_argument for a name that ZipReader would refuse or that is taken.
    void add(const std::string& name, std::vector<std::uint8_t> bytes, Method method = Method::deflated);
    void add(const std::string& name, const std::string& text, Method method = Method::deflated);

    // All entries of another.
    void add(ZipWriter other);

    // The archive with all entries in the order of adding; the same entries give the same bytes. `name` stands for the
    // file in messages. Errors: out_of_memory, internal.
    Result<std::vector<std::uint8_t>> encode(const std::string& name) const;
    // The same as a file, by rename. Errors: those and save_file's.
    Status save(const std::filesystem::path& path) const;

  private:
    struct Entry {
        std::string name;
        std::vector<std::uint8_t> bytes;
        Method method;
    };
    std::vector<Entry> entries_;
};

// Whether an archive may hold an entry of that name: relative, "/" between folders, no "..", no control characters.
bool is_safe_entry_name(const std::string& name);

}  // namespace likeness
