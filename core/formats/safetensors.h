// Safetensors: named arrays in one file (https://github.com/huggingface/safetensors). The header is checked completely
// before a tensor can be asked for: ranges inside the file, without holes or overlaps, sizes equal to the shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace likeness {

enum class DType { boolean, u8, i8, u16, i16, f16, bf16, u32, i32, f32, u64, i64, f64 };

std::size_t dtype_size(DType dtype);  // bytes of one value
const char* dtype_name(DType dtype);  // "F32", as in files

using Shape = std::vector<std::int64_t>;  // sizes >= 0, slowest first; {} is one value

struct TensorView {
    DType dtype = DType::f32;
    Shape shape;
    std::span<const std::byte> bytes;  // little-endian, contiguous, not aligned; lives as long as its Safetensors
    std::size_t count() const { return bytes.size() / dtype_size(dtype); }
};

class Safetensors {
  public:
    // Reads the whole file (up to 8 GiB). Errors: not_found, bad_input, io, out_of_memory; the message names the file.
    static Result<Safetensors> load(const std::filesystem::path& path);
    // Takes the bytes; `name` stands for the file in messages.
    static Result<Safetensors> load(std::vector<std::uint8_t> bytes, const std::string& name);

    const std::string& name() const { return name_; }
    std::vector<std::string> names() const;  // sorted
    bool contains(const std::string& tensor) const { return tensors_.contains(tensor); }
    const std::map<std::string, std::string>& metadata() const { return metadata_; }

    // Error: bad_input, "'file' lacks 'tensor'".
    Result<TensorView> tensor(const std::string& tensor) const;

    // Values as float, from any floating type. Of the expected shape: as many dimensions, -1 for any size.
    // Errors: bad_input (missing, another shape, not a floating type, out_of_memory).
    Result<std::vector<float>> floats(const std::string& tensor, const Shape& expected) const;
    // Values as int32, from any integer type or bool; a value outside int32 is an error.
    Result<std::vector<std::int32_t>> ints(const std::string& tensor, const Shape& expected) const;
    // U8 or bool as they are.
    Result<std::vector<std::uint8_t>> bytes(const std::string& tensor, const Shape& expected) const;

  private:
    struct Entry {
        DType dtype;
        Shape shape;
        std::size_t begin, end;  // in data_
    };
    Result<TensorView> checked(const std::string& tensor, const Shape& expected) const;

    std::string name_;
    std::vector<std::uint8_t> file_;
    std::size_t data_ = 0;  // where the tensors begin in file_
    std::map<std::string, Entry> tensors_;
    std::map<std::string, std::string> metadata_;
};

class SafetensorsWriter {
  public:
    // Each copies the values. Throw std::invalid_argument when the shape does not fit them or the name is taken
    // or "__metadata__".
    void add(const std::string& name, const Shape& shape, std::span<const float> values);
    void add(const std::string& name, const Shape& shape, std::span<const std::int32_t> values);
    void add(const std::string& name, const Shape& shape, std::span<const std::uint8_t> values);
    void add(const std::string& name, DType dtype, const Shape& shape, std::span<const std::byte> bytes);
    void add_half(const std::string& name, const Shape& shape, std::span<const float> values);  // stored as F16
    void set_metadata(const std::string& key, const std::string& value) { metadata_[key] = value; }

    std::vector<std::uint8_t> encode() const;
    Status save(const std::filesystem::path& path) const;  // by rename; error: io

  private:
    struct Entry {
        DType dtype;
        Shape shape;
        std::vector<std::byte> bytes;
    };
    std::map<std::string, Entry> tensors_;
    std::map<std::string, std::string> metadata_;
};

}  // namespace likeness
