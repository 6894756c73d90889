// Changes of safetensors for the fuzzers of files that hold some.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

// Of tensors often only the header, whose length is then set right: it is a small part of the bytes and most of what is
// read closely.
inline std::size_t mutate_header(std::uint8_t* data, std::size_t size, std::size_t most) {
    std::uint64_t length = 0;
    if (size < sizeof length) return size;
    std::memcpy(&length, data, sizeof length);
    if (length > size - sizeof length) return size;
    std::vector<std::uint8_t> header(data + sizeof length, data + sizeof length + length);
    const std::vector<std::uint8_t> rest(data + sizeof length + length, data + size);
    header.resize(header.size() + std::min<std::size_t>(64, most - size));
    header.resize(LLVMFuzzerMutate(header.data(), length, header.size()));
    length = header.size();
    std::memcpy(data, &length, sizeof length);
    std::copy(header.begin(), header.end(), data + sizeof length);
    std::copy(rest.begin(), rest.end(), data + sizeof length + length);
    return sizeof length + length + rest.size();
}
