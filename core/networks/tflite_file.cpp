#include "core/networks/tflite_file.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace likeness {

namespace {

// Reads a FlatBuffer with every offset checked (https://flatbuffers.dev/internals: tables, vtables, vectors).
class FlatBuffer {
  public:
    explicit FlatBuffer(std::span<std::uint8_t> bytes) : bytes_(bytes) {}

    template <class T>
    T read(std::size_t at) const {
        if (at > bytes_.size() || sizeof(T) > bytes_.size() - at) throw std::runtime_error("truncated model");
        T value;
        std::memcpy(&value, bytes_.data() + at, sizeof(T));
        return value;
    }
    template <class T>
    void write(std::size_t at, T value) {
        read<T>(at);
        std::memcpy(bytes_.data() + at, &value, sizeof(T));
    }
    std::size_t follow(std::size_t at) const { return at + read<std::uint32_t>(at); }
    // Where field `index` of a table lies; 0 when it is absent.
    std::size_t field(std::size_t table, std::size_t index) const {
        const std::int64_t vtable = std::int64_t(table) - read<std::int32_t>(table);
        if (vtable < 0) throw std::runtime_error("bad table in the model");
        const std::size_t entry = 4 + 2 * index;
        if (entry + 2 > read<std::uint16_t>(std::size_t(vtable))) return 0;
        const std::uint16_t offset = read<std::uint16_t>(std::size_t(vtable) + entry);
        return offset ? table + offset : 0;
    }
    std::string_view text(std::size_t at) const {
        const std::uint32_t size = read<std::uint32_t>(at);
        if (size > bytes_.size() - at - 4) throw std::runtime_error("truncated text in the model");
        return {reinterpret_cast<const char*>(bytes_.data() + at + 4), size};
    }

  private:
    std::span<std::uint8_t> bytes_;
};

// Positions of the fields in schema.fbs.
constexpr std::size_t model_operator_codes = 1;
constexpr std::size_t code_custom_code = 1;
constexpr std::size_t code_version = 2;

}  // namespace

void set_custom_operator_versions(std::span<std::uint8_t> model, const std::vector<std::string>& names) {
    FlatBuffer file(model);
    if (model.size() < 8 || std::memcmp(model.data() + 4, "TFL3", 4) != 0) throw std::runtime_error("no TFL3 mark");
    const std::size_t codes_field = file.field(file.follow(0), model_operator_codes);
    if (codes_field == 0) return;
    const std::size_t codes = file.follow(codes_field);
    const std::uint32_t count = file.read<std::uint32_t>(codes);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::size_t code = file.follow(codes + 4 + 4 * std::size_t(i));
        const std::size_t name = file.field(code, code_custom_code);
        const std::size_t version = file.field(code, code_version);
        if (name == 0 || version == 0) continue;
        if (std::find(names.begin(), names.end(), file.text(file.follow(name))) != names.end())
            file.write<std::int32_t>(version, 1);
    }
}

}  // namespace likeness
