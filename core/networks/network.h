// A neural network, whatever runs it (litert.h, torchscript.h). It reads and writes buffers of its caller, named as its
// file names them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/task.h"

namespace likeness {

// A tensor as a network declares it: dense float32, row-major.
struct TensorShape {
    std::string name;
    std::vector<int> dimensions;  // empty: whatever the caller brings
    std::size_t size() const;     // number of floats
};

// The caller's buffer for an input, which is only read, or an output: dense float32, row-major, in host memory.
struct NetworkBuffer {
    std::string name;  // as the network calls it
    std::vector<int> dimensions;
    float* data = nullptr;
    std::size_t size() const;
};

enum class NetworkDevice { processor, gpu };

// What a network may use.
struct NetworkLimits {
    std::size_t file_bytes = std::size_t(1) << 30;
    std::size_t memory = std::size_t(4) << 30;  // bytes, beside what its run-time takes; on a GPU as much again
    int threads = 1;                            // of LiteRT's; networks of a millisecond, as those of faces, run on one
    std::chrono::milliseconds time{30'000};     // for loading, and for each run, of what can be stopped
};

// Use from one thread at a time.
class Network {
  public:
    virtual ~Network() = default;
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    // For messages: its file's name.
    const std::string& name() const { return name_; }
    // Tells one content of its file from another: 16 hexadecimal digits.
    const std::string& version() const { return version_; }
    const NetworkLimits& limits() const { return limits_; }
    virtual NetworkDevice device() const { return NetworkDevice::processor; }

    virtual const std::vector<TensorShape>& inputs() const = 0;
    virtual const std::vector<TensorShape>& outputs() const = 0;
    // Views in the order of inputs() and outputs(). Errors: invalid_argument when names or shapes are not those that
    // the network declares; what else, its class says.
    virtual Status run(std::span<const NetworkBuffer> inputs, std::span<const NetworkBuffer> outputs,
                       const Progress* progress = nullptr) = 0;

  protected:
    Network(std::string name, std::string version, const NetworkLimits& limits)
        : name_(std::move(name)), version_(std::move(version)), limits_(limits) {}

  private:
    std::string name_, version_;
    NetworkLimits limits_;
};

// Of a file's content: Network::version.
std::string version_of(std::span<const std::uint8_t> bytes);
// "1 x 3 x 256 x 256"
std::string to_text(std::span<const int> dimensions);
// Whether the views are those that the network called `network` declares. Errors: invalid_argument.
Status check_views(const std::string& network, std::span<const NetworkBuffer> views,
                   std::span<const TensorShape> declared);

}  // namespace likeness
