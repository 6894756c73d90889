// Neural networks in .tflite files, run on the CPU through LiteRT's C interface (libLiteRt.so).
// A Model owns its bytes, its compiled form and one float buffer for each input and output.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace likeness {

// A tensor as a network or one of its operators sees it: dense float32, row-major.
struct TensorShape {
    std::string name;
    std::vector<int> dimensions;
    std::size_t size() const;  // number of floats
};

// An operator that LiteRT does not have. One object serves every node with this name in one model: `prepare` is
// called once a node in the order in which the nodes run, and `run` in that order again in each pass.
class CustomOperator {
  public:
    virtual ~CustomOperator() = default;
    virtual const char* name() const = 0;
    // The node's own options, as stored in the file (FlexBuffers, may be empty). Throws on options it cannot use.
    virtual void prepare(std::span<const std::uint8_t> options) = 0;
    // The output's dimensions for the first input's dimensions.
    virtual std::vector<int> output_dimensions(const std::vector<int>& first_input) const = 0;

    struct View {
        const float* data;
        std::vector<int> dimensions;
    };
    // `output` has output_dimensions() floats.
    virtual void run(const std::vector<View>& inputs, float* output) = 0;
};

// Use from one thread at a time. Every input and output must be float32 with a fixed shape.
class Model {
  public:
    // `name` is for messages. Errors: bad_input when the bytes are not a model that LiteRT can run.
    static Result<std::unique_ptr<Model>> load(std::vector<std::uint8_t> bytes, const std::string& name,
                                               std::vector<std::unique_ptr<CustomOperator>> operators = {});
    // Errors: also io.
    static Result<std::unique_ptr<Model>> load_file(const std::filesystem::path& file,
                                                    std::vector<std::unique_ptr<CustomOperator>> operators = {});
    ~Model();
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    const std::vector<TensorShape>& inputs() const;
    const std::vector<TensorShape>& outputs() const;
    // Fill this before run().
    std::span<float> input(std::size_t index);
    // Valid until the next run().
    std::span<const float> output(std::size_t index) const;
    Status run();

  private:
    struct State;
    explicit Model(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// The whole content of a file. Errors: io.
Result<std::vector<std::uint8_t>> read_bytes(const std::filesystem::path& file);

}  // namespace likeness
