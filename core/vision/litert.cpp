#include "core/vision/litert.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <fstream>
#include <mutex>
#include <numeric>
#include <stdexcept>

#include "core/base/log.h"
#include "core/vision/litert_interface.h"
#include "core/vision/tflite_file.h"

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

std::size_t TensorShape::size() const {
    return std::accumulate(dimensions.begin(), dimensions.end(), std::size_t(1),
                           [](std::size_t product, int extent) { return product * std::size_t(std::max(extent, 0)); });
}

struct Model::State {
    std::string name;
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

    void compile() {
        std::vector<std::string> names;
        for (const auto& item : operators) names.emplace_back(item->name());
        set_custom_operator_versions(bytes, names);
        environment = shared_environment();
        check(LiteRtCreateModelFromBuffer(environment.get(), bytes.data(), bytes.size(), &model), "read model");
        check(LiteRtCreateOptions(&options), "create options");
        check(LiteRtSetOptionsHardwareAccelerators(options, cpu_accelerator), "choose the CPU");
        for (const auto& item : operators)
            check(LiteRtAddCustomOpKernelOption(options, item->name(), 1, &kernel, item.get()), item->name());
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

    void create_ports() {
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
    }
};

Model::Model(std::unique_ptr<State> state) : state_(std::move(state)) {}
Model::~Model() = default;

Result<std::unique_ptr<Model>> Model::load(std::vector<std::uint8_t> bytes, const std::string& name,
                                           std::vector<std::unique_ptr<CustomOperator>> operators) {
    auto state = std::make_unique<State>();
    state->name = name;
    state->bytes = std::move(bytes);
    state->operators = std::move(operators);
    try {
        state->compile();
        state->create_ports();
    } catch (const std::exception& error) {
        return Error{ErrorCode::bad_input,
                     "The network '" + name + "' cannot be used; fetch it again by running scripts/run.", error.what()};
    }
    return std::unique_ptr<Model>(new Model(std::move(state)));
}

Result<std::unique_ptr<Model>> Model::load_file(const std::filesystem::path& file,
                                                std::vector<std::unique_ptr<CustomOperator>> operators) {
    Result<std::vector<std::uint8_t>> bytes = read_bytes(file);
    if (!bytes) return bytes.error();
    return load(std::move(*bytes), file.filename().string(), std::move(operators));
}

const std::vector<TensorShape>& Model::inputs() const { return state_->input_shapes; }
const std::vector<TensorShape>& Model::outputs() const { return state_->output_shapes; }
std::span<float> Model::input(std::size_t index) { return state_->inputs.at(index).values; }
std::span<const float> Model::output(std::size_t index) const { return state_->outputs.at(index).values; }

Status Model::run() {
    try {
        std::vector<LiteRtTensorBuffer> inputs, outputs;
        for (Port& port : state_->inputs) {
            const Locked locked(port.buffer, true);
            std::copy(port.values.begin(), port.values.end(), locked.data());
            inputs.push_back(port.buffer);
        }
        for (const Port& port : state_->outputs) outputs.push_back(port.buffer);
        check(LiteRtRunCompiledModel(state_->compiled, 0, inputs.size(), inputs.data(), outputs.size(), outputs.data()),
              "run");
        for (Port& port : state_->outputs) {
            const Locked locked(port.buffer, false);
            std::copy_n(locked.data(), port.values.size(), port.values.begin());
        }
        return {};
    } catch (const std::exception& error) {
        return Error{ErrorCode::internal, "The network '" + state_->name + "' failed.", error.what()};
    }
}

Result<std::vector<std::uint8_t>> read_bytes(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary | std::ios::ate);
    const std::streamoff size = stream ? std::streamoff(stream.tellg()) : -1;
    std::vector<std::uint8_t> bytes(size > 0 ? std::size_t(size) : 0);
    if (size >= 0) stream.seekg(0).read(reinterpret_cast<char*>(bytes.data()), size);
    if (size < 0 || !stream)
        return Error{ErrorCode::io, "Cannot read '" + file.string() + "'; check that it exists and may be read.", ""};
    return bytes;
}

}  // namespace likeness
