// What the program (core/networks/torchscript.cpp) and likeness-torch (guest.cpp), which runs a TorchScript file for
// it, say to each other: one message each way over a socket of whole messages, tensors in memory that both see.
#pragma once

#include <cstdint>

namespace likeness::guest {

// likeness-torch FILE cpu|gpu MEMORY (bytes on a GPU), with these open. It ends when the socket is closed at the other
// end, whatever it is doing.
inline constexpr int socket_file = 3, memory_file = 4;

inline constexpr int most_tensors = 8, most_dimensions = 8;

// Dense float32 in the shared memory.
struct Tensor {
    std::uint64_t offset;  // bytes, a multiple of 64
    std::int32_t rank;
    std::int32_t dimensions[most_dimensions];
};

// From the program: a run.
struct Request {
    std::uint64_t memory;  // bytes of the shared memory
    std::int32_t input_count, output_count;
    Tensor inputs[most_tensors], outputs[most_tensors];
};

enum class Outcome : std::int32_t {
    done,
    failed,         // an exception; `text` is what it says
    no_network,     // the file is none
    wrong_outputs,  // `text` says what came out
    out_of_memory,
    no_device,
};

// From likeness-torch: first when it has started, then when it has loaded the file (`text`: a line for each input with
// its name, an empty line, a line for each output), then after each run.
struct Reply {
    Outcome outcome;
    char text[2044];
};

}  // namespace likeness::guest
