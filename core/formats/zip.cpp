#include "core/formats/zip.h"

#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <new>
#include <stdexcept>

#include "core/base/file_kind.h"
#include "core/base/paths.h"
#include "core/image/file_bytes.h"

namespace likeness {
namespace {

// Deflate cannot do better than 258 bytes from 2 bits: 1032 to 1 (zlib's technical notes); some bytes for the frame.
constexpr std::uint64_t deflate_limit(std::uint64_t compressed) { return compressed * 1032 + 64; }

struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

struct CloseFile {
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};

// Why an archive cannot be used: follows the quoted file name.
struct BadZip {
    std::string reason;
    std::string detail;
};

// Why bytes that libzip cannot open are no archive.
std::string other_kind(std::span<const std::uint8_t> bytes, const std::string& name) {
    const FileKind kind = file_kind({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
    const bool begun = bytes.size() >= 2 && bytes[0] == 'P' && bytes[1] == 'K';
    if (!kind || begun) return "is not a zip archive or is cut off; get the file again.";
    const std::string advice(kind.advice.empty() ? "choose another file" : kind.advice);
    return "is " + std::string(kind.what) + " and no avatar; " + advice + ".";
}

struct ZipError {
    zip_error_t error;
    ZipError() { zip_error_init(&error); }
    ~ZipError() { zip_error_fini(&error); }
    ZipError(const ZipError&) = delete;
    ZipError& operator=(const ZipError&) = delete;
};

}  // namespace

bool is_safe_entry_name(const std::string& name) {
    if (name.empty() || name.size() > 1024 || name.front() == '/') return false;
    for (const char c : name)
        if (c == '\\' || c == ':' || static_cast<unsigned char>(c) < 32) return false;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = std::min(name.find('/', at), name.size());
        const std::string part = name.substr(at, end - at);
        if (part == ".." || part == "." || (part.empty() && end != name.size())) return false;
        at = end + 1;
    }
    return true;
}

struct ZipReader::State {
    struct Entry {
        zip_uint64_t index;
        std::uint64_t size;
    };
    std::string name;
    std::vector<std::uint8_t> bytes;  // of an archive in memory; outlives `archive`
    std::uint64_t file_size = 0;
    std::map<std::string, Entry> entries;
    Archive archive;
};

ZipReader::ZipReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ZipReader::ZipReader(ZipReader&&) noexcept = default;
ZipReader& ZipReader::operator=(ZipReader&&) noexcept = default;
ZipReader::~ZipReader() = default;

Result<ZipReader> ZipReader::open(const std::filesystem::path& path, const ZipLimits& limits) {
    const Result<std::uint64_t> size = readable_file_size(path);
    if (!size) return size.error();
    auto state = std::make_unique<State>();
    state->name = path.string();
    state->file_size = *size;
    int code = 0;
    state->archive.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
    if (!state->archive) {  // what it is will be said
        state->bytes.resize(64);
        std::ifstream in(path, std::ios::binary);
        in.read(reinterpret_cast<char*>(state->bytes.data()), std::streamsize(state->bytes.size()));
        state->bytes.resize(std::size_t(in.gcount()));
    }
    return check(std::move(state), limits);
}

Result<ZipReader> ZipReader::open(std::vector<std::uint8_t> bytes, const std::string& name, const ZipLimits& limits) {
    auto state = std::make_unique<State>();
    state->name = name;
    state->bytes = std::move(bytes);
    state->file_size = state->bytes.size();
    // libzip takes nothing for an archive without entries.
    if (state->bytes.empty()) return Error{ErrorCode::bad_input, "'" + name + "' is empty; choose another file.", ""};
    ZipError error;
    zip_source_t* source = zip_source_buffer_create(state->bytes.data(), state->bytes.size(), 0, &error.error);
    if (source) {
        state->archive.reset(zip_open_from_source(source, ZIP_RDONLY, &error.error));
        if (!state->archive) zip_source_free(source);
    }
    return check(std::move(state), limits);
}

Result<ZipReader> ZipReader::check(std::unique_ptr<State> state, const ZipLimits& limits) {
    try {
        if (!state->archive) throw BadZip{other_kind(state->bytes, state->name), "zip_open"};
        zip_t* const archive = state->archive.get();
        const zip_int64_t count = zip_get_num_entries(archive, 0);
        if (count < 0 || static_cast<std::uint64_t>(count) > limits.max_entries)
            throw BadZip{"holds too many files; choose another one.", std::to_string(count) + " entries"};
        std::uint64_t total = 0, total_compressed = 0;
        for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
            zip_stat_t info;
            zip_stat_init(&info);
            constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
            if (zip_stat_index(archive, i, 0, &info) != 0 || (info.valid & needed) != needed || !info.name)
                throw BadZip{"has a damaged list of files; get the file again.", "zip_stat"};
            const std::string entry = info.name;
            if (!is_safe_entry_name(entry)) throw BadZip{"holds a file with a forbidden name; do not trust it.", entry};
            if (entry.back() == '/') continue;
            if ((info.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && info.encryption_method != ZIP_EM_NONE)
                throw BadZip{"is encrypted; save it again without a password.", entry};
            if (info.comp_method != ZIP_CM_STORE && info.comp_method != ZIP_CM_DEFLATE)
                throw BadZip{"is compressed in a way that is not supported; save it as an ordinary zip.", entry};
            if (info.comp_size > state->file_size) throw BadZip{"is cut off; get the file again.", entry};
            if (info.comp_method == ZIP_CM_STORE ? info.size != info.comp_size
                                                 : info.size > deflate_limit(info.comp_size))
                throw BadZip{"claims impossible sizes; do not trust it.", entry};
            if (info.size > limits.max_entry_bytes || info.size > limits.max_total_bytes - total)
                throw BadZip{"would take too much memory when unpacked; choose another one.", entry};
            if (info.size > limits.ratio_from &&
                static_cast<double>(info.size) > limits.max_ratio * static_cast<double>(info.comp_size))
                throw BadZip{"would take suspiciously much memory when unpacked; do not trust it.", entry};
            total += info.size;
            total_compressed += info.comp_size;
            // Entries that share their compressed bytes are how a small archive becomes a large one.
            if (total_compressed > state->file_size) throw BadZip{"holds files that overlap; do not trust it.", entry};
            if (!state->entries.emplace(entry, State::Entry{i, info.size}).second)
                throw BadZip{"holds the file '" + entry + "' twice; save it again.", entry};
        }
        return ZipReader(std::move(state));
    } catch (const BadZip& bad) {
        return Error{ErrorCode::bad_input, "'" + state->name + "' " + bad.reason, bad.detail};
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read the archive.", "zip"};
    }
}

std::vector<std::string> ZipReader::names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : state_->entries) names.push_back(name);
    return names;
}

bool ZipReader::contains(const std::string& entry) const { return state_->entries.contains(entry); }

std::uint64_t ZipReader::size(const std::string& entry) const {
    const auto found = state_->entries.find(entry);
    return found == state_->entries.end() ? 0 : found->second.size;
}

Result<std::vector<std::uint8_t>> ZipReader::read(const std::string& entry) const {
    const auto found = state_->entries.find(entry);
    if (found == state_->entries.end())
        return Error{ErrorCode::bad_input, "'" + state_->name + "' lacks '" + entry + "'; choose another file.", "zip"};
    const auto damaged = [&](const char* detail) {
        return Error{ErrorCode::bad_input,
                     "'" + state_->name + "' is damaged: '" + entry + "' cannot be unpacked; get the file again.",
                     detail};
    };
    const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(state_->archive.get(), found->second.index, 0));
    if (!file) return damaged("zip_fopen");
    try {
        std::vector<std::uint8_t> bytes(static_cast<std::size_t>(found->second.size));
        std::size_t done = 0;
        while (done < bytes.size()) {
            const zip_int64_t got = zip_fread(file.get(), bytes.data() + done, bytes.size() - done);
            if (got <= 0) return damaged("zip_fread");
            done += static_cast<std::size_t>(got);
        }
        // libzip compares the checksum when it reaches the end.
        std::uint8_t beyond = 0;
        if (zip_fread(file.get(), &beyond, 1) != 0) return damaged("checksum or size");
        return bytes;
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to unpack '" + entry + "'.", state_->name};
    }
}

void ZipWriter::add(const std::string& name, std::vector<std::uint8_t> bytes, Method method) {
    if (!is_safe_entry_name(name) || name.back() == '/')
        throw std::invalid_argument("a forbidden name in an archive: " + name);
    for (const Entry& entry : entries_)
        if (entry.name == name) throw std::invalid_argument("a name twice in an archive: " + name);
    entries_.push_back({name, std::move(bytes), method});
}

void ZipWriter::add(const std::string& name, const std::string& text, Method method) {
    add(name, std::vector<std::uint8_t>(text.begin(), text.end()), method);
}

void ZipWriter::add(ZipWriter other) {
    for (Entry& entry : other.entries_) add(entry.name, std::move(entry.bytes), entry.method);
}

Result<std::vector<std::uint8_t>> ZipWriter::encode(const std::string& name) const {
    const auto failed = [&](zip_error_t* error) -> Error {
        if (zip_error_code_zip(error) == ZIP_ER_MEMORY)
            return {ErrorCode::out_of_memory, "There is not enough memory to write '" + name + "'.", "zip"};
        return {ErrorCode::internal, "'" + name + "' could not be packed; nothing was written.",
                zip_error_strerror(error)};
    };
    ZipError error;
    zip_source_t* const target = zip_source_buffer_create(nullptr, 0, 0, &error.error);
    if (!target) return failed(&error.error);
    struct Free {
        void operator()(zip_source_t* source) const { zip_source_free(source); }
    };
    const std::unique_ptr<zip_source_t, Free> kept(target);
    zip_source_keep(target);  // the archive frees one
    Archive archive(zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error.error));
    if (!archive) {
        zip_source_free(target);
        return failed(&error.error);
    }
    for (const Entry& entry : entries_) {
        zip_source_t* source = zip_source_buffer(archive.get(), entry.bytes.data(), entry.bytes.size(), 0);
        if (!source) return failed(zip_get_error(archive.get()));
        const zip_int64_t index = zip_file_add(archive.get(), entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
        if (index < 0) {
            zip_source_free(source);
            return failed(zip_get_error(archive.get()));
        }
        const auto at = static_cast<zip_uint64_t>(index);
        const zip_int32_t method = entry.method == Method::stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE;
        constexpr zip_uint16_t first_of_1980 = 0x21;  // no clock: equal entries, equal file
        if (zip_set_file_compression(archive.get(), at, method, 0) != 0 ||
            zip_file_set_dostime(archive.get(), at, 0, first_of_1980, 0) != 0)
            return failed(zip_get_error(archive.get()));
    }
    // libzip packs now; it keeps the archive open on failure.
    if (zip_close(archive.get()) != 0) return failed(zip_get_error(archive.get()));
    archive.release();
    zip_stat_t packed;
    zip_stat_init(&packed);
    if (zip_source_stat(target, &packed) != 0 || (packed.valid & ZIP_STAT_SIZE) == 0 || zip_source_open(target) != 0)
        return failed(zip_source_error(target));
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(packed.size));
    const zip_int64_t got = zip_source_read(target, bytes.data(), bytes.size());
    zip_source_close(target);
    if (got != zip_int64_t(bytes.size())) return failed(zip_source_error(target));
    return bytes;
}

Status ZipWriter::save(const std::filesystem::path& path) const {
    const auto bytes = encode(path.string());
    return bytes ? save_file(path, *bytes) : Status(bytes.error());
}

}  // namespace likeness
