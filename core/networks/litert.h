// Neural networks in .tflite files, run on the CPU through LiteRT's C interface (libLiteRt.so).
#pragma once

#include <memory>

#include "core/networks/network.h"

namespace likeness {

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

// Every input and output must be float32 with a fixed shape. Beside the interface it has a buffer of its own for each,
// for those that fill and read it in place.
class LiteRtNetwork final : public Network {
  public:
    // `name` is for messages. Errors: bad_input when the bytes are not a network that LiteRT can run, or pass the
    // limits of file and memory (that of its inputs and outputs).
    static Result<std::unique_ptr<LiteRtNetwork>> load(std::vector<std::uint8_t> bytes, const std::string& name,
                                                       std::vector<std::unique_ptr<CustomOperator>> operators = {},
                                                       const NetworkLimits& limits = {});
    // Errors: also those of read_file.
    static Result<std::unique_ptr<LiteRtNetwork>> load_file(const std::filesystem::path& file,
                                                            std::vector<std::unique_ptr<CustomOperator>> operators = {},
                                                            const NetworkLimits& limits = {});
    ~LiteRtNetwork() override;

    const std::vector<TensorShape>& inputs() const override;
    const std::vector<TensorShape>& outputs() const override;
    // Cannot be stopped; the networks that are run so take milliseconds.
    Status run(std::span<const NetworkBuffer> inputs, std::span<const NetworkBuffer> outputs,
               const Progress* progress = nullptr) override;

    // Fill this before run().
    std::span<float> input(std::size_t index);
    // Valid until the next run().
    std::span<const float> output(std::size_t index) const;
    Status run();

  private:
    struct State;
    // A pointer for each input and output.
    Status run_between(std::span<const float* const> from, std::span<float* const> to);
    LiteRtNetwork(std::string name, const NetworkLimits& limits, std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace likeness
