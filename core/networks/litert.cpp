#include "core/networks/litert.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <stdexcept>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/image/file_bytes.h"
#include "core/networks/litert_interface.h"
#include "core/networks/quiet_stderr.h"
#include "core/networks/tflite_file.h"

namespace likeness {

namespace {

constexpr LiteRtStatus litert_ok = 0;
constexpr LiteRtStatus litert_failed = 3;  // "runtime failure"
constexpr int float32_type = 1;
constexpr int cpu_accelerator = 1;
constexpr std::uint32_t rank_mask = 0x7f;

void check(LiteRtStatus status, const char* what) {
    if (status != litert_ok) throw std::runtime_error(std::string(what) + ": LiteRT status " + std::to_string(status));
}

std::vector<int> dimensions_of(const LiteRtLayout& layout) {
    const std::uint32_t rank = layout.rank_and_flags & rank_mask;
    if (rank > 8) throw std::runtime_error("a tensor has more than 8 dimensions");
    return {layout.dimensions, layout.dimensions + rank};
}

// LiteRT wants one environment a process; it lives as long as any model does.
std::shared_ptr<LiteRtEnvironmentT> shared_environment() {
    static std::mutex mutex;
    static std::weak_ptr<LiteRtEnvironmentT> shared;
    const std::lock_guard lock(mutex);
    std::shared_ptr<LiteRtEnvironmentT> environment = shared.lock();
    if (!environment) {
        LiteRtEnvironment created = nullptr;
        // Without these LiteRT looks for GPU libraries and writes some ten lines to standard error.
        const LiteRtEnvOption options[] = {{24, 0, 2, cpu_accelerator}, {25, 0, 2, 3}};
        check(LiteRtCreateEnvironment(2, options, &created), "create environment");
        environment.reset(created, LiteRtDestroyEnvironment);
        shared = environment;
    }
    return environment;
}

// A buffer mapped into our memory for the life of the object.
class Locked {
  public:
    Locked(LiteRtTensorBuffer buffer, bool write) : buffer_(buffer) {
        void* address = nullptr;
        check(LiteRtLockTensorBuffer(buffer, &address, write ? 1 : 0), "lock buffer");
        data_ = static_cast<float*>(address);
    }
    ~Locked() { LiteRtUnlockTensorBuffer(buffer_); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    float* data() const { return data_; }

  private:
    LiteRtTensorBuffer buffer_;
    float* data_ = nullptr;
};

// C functions that LiteRT calls; no exception may pass through them.
template <class Body>
LiteRtStatus guarded(const char* what, Body&& body) noexcept {
    try {
        body();
        return litert_ok;
    } catch (const std::exception& error) {
        spdlog::error("{}: {}", what, error.what());
        return litert_failed;
    }
}

CustomOperator& operator_of(void* user_data) { return *static_cast<CustomOperator*>(user_data); }

LiteRtStatus kernel_init(void* user_data, const void* data, std::size_t size) {
    return guarded("custom operator's options", [&] {
        operator_of(user_data).prepare({static_cast<const std::uint8_t*>(data), data ? size : 0});
    });
}

LiteRtStatus kernel_layouts(void* user_data, std::size_t input_count, const LiteRtLayout* inputs,
                            std::size_t output_count, LiteRtLayout* outputs) {
    return guarded("custom operator's shape", [&] {
        if (input_count < 1 || output_count != 1) throw std::runtime_error("unexpected number of tensors");
        const std::vector<int> dimensions = operator_of(user_data).output_dimensions(dimensions_of(inputs[0]));
        std::memset(outputs, 0, sizeof *outputs);  // unset strides crash LiteRT 2.3.0
        outputs->rank_and_flags = std::uint32_t(dimensions.size());
        std::copy(dimensions.begin(), dimensions.end(), outputs->dimensions);
    });
}

LiteRtStatus kernel_run(void* user_data, std::size_t input_count, const LiteRtTensorBuffer* inputs,
                        std::size_t output_count, LiteRtTensorBuffer* outputs) {
    return guarded("custom operator", [&] {
        if (output_count != 1) throw std::runtime_error("unexpected number of outputs");
        std::vector<std::unique_ptr<Locked>> locks;
        std::vector<CustomOperator::View> views;
        for (std::size_t i = 0; i < input_count; ++i) {
            LiteRtRankedTensorType type{};
            check(LiteRtGetTensorBufferTensorType(inputs[i], &type), "type of an operator's input");
            locks.push_back(std::make_unique<Locked>(inputs[i], false));
            views.push_back({locks.back()->data(), dimensions_of(type.layout)});
        }
        const Locked output(outputs[0], true);
        operator_of(user_data).run(views, output.data());
    });
}

LiteRtStatus kernel_destroy(void*) { return litert_ok; }

constexpr LiteRtCustomOpKernel kernel = {kernel_init, kernel_layouts, kernel_run, kernel_destroy};

struct Port {
    LiteRtTensorBuffer buffer = nullptr;
    std::vector<float> values;
};

}  // namespace

struct LiteRtNetwork::State {
    std::vector<std::uint8_t> bytes;  // LiteRT reads them as long as the model lives
    std::vector<std::unique_ptr<CustomOperator>> operators;
    std::shared_ptr<LiteRtEnvironmentT> environment;
    LiteRtModel model = nullptr;
    LiteRtOptions options = nullptr;
    LiteRtCompiledModel compiled = nullptr;
    std::vector<TensorShape> input_shapes, output_shapes;
    std::vector<Port> inputs, outputs;

    ~State() {
        for (Port& port : inputs) LiteRtDestroyTensorBuffer(port.buffer);
        for (Port& port : outputs) LiteRtDestroyTensorBuffer(port.buffer);
        if (compiled) LiteRtDestroyCompiledModel(compiled);
        if (options) LiteRtDestroyOptions(options);
        if (model) LiteRtDestroyModel(model);
    }

    void compile(int threads) {
        std::vector<std::string> names;
        for (const auto& item : operators) names.emplace_back(item->name());
        set_custom_operator_versions(bytes, names);
        environment = shared_environment();
        check(LiteRtCreateModelFromBuffer(environment.get(), bytes.data(), bytes.size(), &model), "read model");
        check(LiteRtCreateOptions(&options), "create options");
        check(LiteRtSetOptionsHardwareAccelerators(options, cpu_accelerator), "choose the CPU");
        if (threads > 1) {
            const std::string text = "num_threads = " + std::to_string(threads) + "\n";
            LiteRtOpaqueOptions of_cpu = nullptr;
            check(LiteRtCreateOpaqueOptions("xnnpack", ::strdup(text.c_str()), std::free, &of_cpu), "CPU's options");
            check(LiteRtAddOpaqueOptions(options, of_cpu), "CPU's options");
        }
        for (const auto& item : operators)
            check(LiteRtAddCustomOpKernelOption(options, item->name(), 1, &kernel, item.get()), item->name());
        const QuietStderr quiet;  // the XNNPACK delegate tells that it was created
        check(LiteRtCreateCompiledModel(environment.get(), model, options, &compiled), "compile model");
    }

    void add_port(LiteRtTensor tensor, std::size_t index, bool is_input) {
        const char* tensor_name = "";
        check(LiteRtGetTensorName(tensor, &tensor_name), "tensor's name");
        LiteRtRankedTensorType type{};
        check(LiteRtGetRankedTensorType(tensor, &type), "tensor's type");
        if (type.element_type != float32_type) throw std::runtime_error("a tensor is not float32");
        TensorShape shape{tensor_name, dimensions_of(type.layout)};
        if (shape.size() == 0) throw std::runtime_error("a tensor has no fixed size");
        LiteRtTensorBufferRequirements requirements = nullptr;
        check(is_input ? LiteRtGetCompiledModelInputBufferRequirements(compiled, 0, index, &requirements)
                       : LiteRtGetCompiledModelOutputBufferRequirements(compiled, 0, index, &requirements),
              "buffer's requirements");
        Port port;
        check(LiteRtCreateManagedTensorBufferFromRequirements(environment.get(), &type, requirements, &port.buffer),
              "create buffer");
        port.values.resize(shape.size());
        (is_input ? inputs : outputs).push_back(std::move(port));
        (is_input ? input_shapes : output_shapes).push_back(std::move(shape));
    }

    void create_ports(std::size_t most_bytes) {
        LiteRtSubgraph graph = nullptr;
        check(LiteRtGetModelSubgraph(model, 0, &graph), "graph");
        std::size_t input_count = 0, output_count = 0;
        check(LiteRtGetNumSubgraphInputs(graph, &input_count), "inputs");
        check(LiteRtGetNumSubgraphOutputs(graph, &output_count), "outputs");
        LiteRtTensor tensor = nullptr;
        for (std::size_t i = 0; i < input_count; ++i) {
            check(LiteRtGetSubgraphInput(graph, i, &tensor), "input");
            add_port(tensor, i, true);
        }
        for (std::size_t i = 0; i < output_count; ++i) {
            check(LiteRtGetSubgraphOutput(graph, i, &tensor), "output");
            add_port(tensor, i, false);
        }
        std::size_t bytes_used = 0;
        for (const auto* shapes : {&input_shapes, &output_shapes})
            for (const TensorShape& shape : *shapes) bytes_used += shape.size() * sizeof(float);
        if (bytes_used > most_bytes)
            throw std::runtime_error("its tensors need " + std::to_string(bytes_used) + " bytes");
    }

    // `from` and `to` have a pointer for each input and output.
    void run(std::span<const float* const> from, std::span<float* const> to) {
        std::vector<LiteRtTensorBuffer> in, out;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const Locked locked(inputs[i].buffer, true);
            std::copy_n(from[i], inputs[i].values.size(), locked.data());
            in.push_back(inputs[i].buffer);
        }
        for (const Port& port : outputs) out.push_back(port.buffer);
        check(LiteRtRunCompiledModel(compiled, 0, in.size(), in.data(), out.size(), out.data()), "run");
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            const Locked locked(outputs[i].buffer, false);
            std::copy_n(locked.data(), outputs[i].values.size(), to[i]);
        }
    }
};

LiteRtNetwork::LiteRtNetwork(std::string name, const NetworkLimits& limits, std::unique_ptr<State> state)
    : Network(std::move(name), version_of(state->bytes), limits), state_(std::move(state)) {}
LiteRtNetwork::~LiteRtNetwork() = default;

Result<std::unique_ptr<LiteRtNetwork>> LiteRtNetwork::load(std::vector<std::uint8_t> bytes, const std::string& name,
                                                           std::vector<std::unique_ptr<CustomOperator>> operators,
                                                           const NetworkLimits& limits) {
    auto state = std::make_unique<State>();
    state->bytes = std::move(bytes);
    state->operators = std::move(operators);
    try {
        if (state->bytes.size() > limits.file_bytes) throw std::runtime_error("the file is too large");
        state->compile(limits.threads);
        state->create_ports(limits.memory);
    } catch (const std::exception& error) {
        if (memory_is_short())
            return Error{ErrorCode::out_of_memory, "There is not enough memory for the network '" + name + "'.",
                         error.what()};
        return Error{ErrorCode::bad_input,
                     "The network '" + name + "' cannot be used; fetch it again by running scripts/run.", error.what()};
    }
    return std::unique_ptr<LiteRtNetwork>(new LiteRtNetwork(name, limits, std::move(state)));
}

Result<std::unique_ptr<LiteRtNetwork>> LiteRtNetwork::load_file(const std::filesystem::path& file,
                                                                std::vector<std::unique_ptr<CustomOperator>> operators,
                                                                const NetworkLimits& limits) {
    Result<std::vector<std::uint8_t>> bytes = read_file(file, limits.file_bytes);
    if (!bytes) return bytes.error();
    return load(std::move(*bytes), file.filename().string(), std::move(operators), limits);
}

const std::vector<TensorShape>& LiteRtNetwork::inputs() const { return state_->input_shapes; }
const std::vector<TensorShape>& LiteRtNetwork::outputs() const { return state_->output_shapes; }
std::span<float> LiteRtNetwork::input(std::size_t index) { return state_->inputs.at(index).values; }
std::span<const float> LiteRtNetwork::output(std::size_t index) const { return state_->outputs.at(index).values; }

Status LiteRtNetwork::run() {
    std::vector<const float*> from;
    std::vector<float*> to;
    for (const Port& port : state_->inputs) from.push_back(port.values.data());
    for (Port& port : state_->outputs) to.push_back(port.values.data());
    return run_between(from, to);
}

Status LiteRtNetwork::run(std::span<const NetworkBuffer> inputs, std::span<const NetworkBuffer> outputs,
                          const Progress*) {
    if (Status fit = check_views(name(), inputs, this->inputs()); !fit) return fit;
    if (Status fit = check_views(name(), outputs, this->outputs()); !fit) return fit;
    std::vector<const float*> from;
    std::vector<float*> to;
    for (const NetworkBuffer& view : inputs) from.push_back(view.data);
    for (const NetworkBuffer& view : outputs) to.push_back(view.data);
    return run_between(from, to);
}

Status LiteRtNetwork::run_between(std::span<const float* const> from, std::span<float* const> to) {
    try {
        state_->run(from, to);
        return {};
    } catch (const std::exception& error) {
        return Error{ErrorCode::internal, "The network '" + name() + "' failed.", error.what()};
    }
}

}  // namespace likeness
