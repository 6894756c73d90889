// likeness-torch: runs one TorchScript file for the program, which can stop this process where it could not stop a
// thread, and outlives its crashes. It changes no files. This guards against mistakes in a file, and is no wall against
// an attack on LibTorch itself.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#ifdef LIKENESS_TORCH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#endif

#include "core/networks/torch/guest_protocol.h"

namespace likeness::guest {
namespace {

// An outcome other than Outcome::done.
struct Refused : std::runtime_error {
    Outcome outcome;
    Refused(Outcome how, const std::string& why) : std::runtime_error(why), outcome(how) {}
};

void reply(Outcome outcome, const std::string& text) {
    Reply message{outcome, {}};
    std::snprintf(message.text, sizeof message.text, "%s", text.c_str());
    if (::send(socket_file, &message, sizeof message, MSG_NOSIGNAL) != ssize_t(sizeof message)) std::_Exit(1);
}

// The interpreter turns every exception into one with a text: memory that was not there is told by that.
void reply_failure(Outcome outcome, const std::string& text) {
    for (const char* const sign : {"DefaultCPUAllocator: ", "CUDA out of memory"})
        if (text.find(sign) != text.npos) outcome = Outcome::out_of_memory;
    reply(outcome, text);
}

// Does the work and replies with the text that it returns; `otherwise`: what an exception means.
template <class Work>
bool reply_with(Outcome otherwise, const Work& work) {
    try {
        reply(Outcome::done, work());
        return true;
    } catch (const Refused& refused) {
        reply(refused.outcome, refused.what());
    } catch (const std::bad_alloc&) {
        reply(Outcome::out_of_memory, "");
    } catch (const c10::Error& error) {
        reply_failure(otherwise, error.what_without_backtrace());
    } catch (const std::exception& error) {
        reply_failure(otherwise, error.what());
    }
    return false;
}

// No file can be changed but those of devices, which a GPU needs. Without Landlock (Linux 5.13) a file can still be
// emptied or removed.
void keep_files() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::setrlimit(RLIMIT_FSIZE, &none);
    ::signal(SIGXFSZ, SIG_IGN);  // writing is then an error

    landlock_ruleset_attr rules{};
    rules.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                              LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                              LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                              LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM;
    const int rule_set = int(::syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0));
    if (rule_set < 0) return;
    landlock_path_beneath_attr devices{};
    devices.allowed_access = rules.handled_access_fs;
    devices.parent_fd = ::open("/dev", O_PATH | O_CLOEXEC);
    ::syscall(SYS_landlock_add_rule, rule_set, LANDLOCK_RULE_PATH_BENEATH, &devices, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::syscall(SYS_landlock_restrict_self, rule_set, 0);
    ::close(devices.parent_fd);
    ::close(rule_set);
}

// Ends the process when the program has closed the socket, or has ended.
void watch_the_program() {
    std::thread([] {
        pollfd waited{socket_file, POLLRDHUP, 0};
        while (::poll(&waited, 1, -1) <= 0) {
        }
        std::_Exit(1);
    }).detach();  // the process ends with it
}

at::Device find_device([[maybe_unused]] bool gpu, [[maybe_unused]] double memory) {
    if (!gpu) return at::kCPU;
#ifdef LIKENESS_TORCH_CUDA
    std::size_t available = 0, all = 0;
    if (c10::cuda::device_count() == 0 || cudaMemGetInfo(&available, &all) != cudaSuccess)
        throw Refused(Outcome::no_device, "");
    at::zeros(1, at::device(at::kCUDA));
    c10::cuda::CUDACachingAllocator::setMemoryFraction(std::min(1.0, memory / double(all)), 0);
    return at::Device(at::kCUDA, 0);
#else
    throw Refused(Outcome::no_device, "");
#endif
}

// The names that a network's file gives to what goes in and comes out, as Reply::text has them.
std::string describe(const torch::jit::Module& network) {
    const c10::FunctionSchema& schema = network.get_method("forward").function().getSchema();
    std::string text;
    for (std::size_t i = 1; i < schema.arguments().size(); ++i) {
        const c10::Argument& argument = schema.arguments()[i];
        if (argument.default_value()) continue;
        if (!argument.type()->isSubtypeOf(*c10::TensorType::get()))
            throw Refused(Outcome::no_network, "its input '" + argument.name() + "' is no tensor");
        text += argument.name() + "\n";
    }
    text += "\n";
    const c10::TypePtr type = schema.returns().at(0).type();
    const auto tuple = type->cast<c10::TupleType>();
    for (std::size_t i = 0; i < (tuple ? tuple->elements().size() : 1); ++i) {
        if (!(tuple ? tuple->elements()[i] : type)->isSubtypeOf(*c10::TensorType::get()))
            throw Refused(Outcome::no_network, "what it returns is no tensor");
        text += "output" + (tuple ? std::to_string(i) : std::string()) + "\n";
    }
    return text;
}

std::string shape_of(const at::Tensor& tensor) {
    std::string text;
    for (const std::int64_t extent : tensor.sizes()) text += (text.empty() ? "" : " x ") + std::to_string(extent);
    return text.empty() ? "one number" : text;
}

class SharedMemory {
  public:
    ~SharedMemory() { unmap(); }
    void map(std::size_t size) {
        if (size == size_) return;
        unmap();
        data_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_file, 0);
        if (data_ == MAP_FAILED) throw std::bad_alloc();
        size_ = size;
    }
    at::Tensor view(const Tensor& tensor) const {
        const std::vector<std::int64_t> sizes(tensor.dimensions, tensor.dimensions + tensor.rank);
        return at::from_blob(static_cast<char*>(data_) + tensor.offset, sizes, at::kFloat);
    }

  private:
    void unmap() {
        if (size_ > 0) ::munmap(data_, size_);
        size_ = 0;
    }
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

void run(torch::jit::Module& network, at::Device device, const SharedMemory& memory, const Request& request) {
    std::vector<c10::IValue> inputs;
    for (int i = 0; i < request.input_count; ++i) inputs.emplace_back(memory.view(request.inputs[i]).to(device));
    const c10::IValue result = network.forward(std::move(inputs));
    std::vector<c10::IValue> outputs = {result};
    if (result.isTuple()) outputs = result.toTupleRef().elements().vec();
    if (outputs.size() != std::size_t(request.output_count))
        throw Refused(Outcome::wrong_outputs, std::to_string(outputs.size()) + " tensors");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        at::Tensor wanted = memory.view(request.outputs[i]);
        if (!outputs[i].isTensor()) throw Refused(Outcome::wrong_outputs, "no tensor");
        const at::Tensor& tensor = outputs[i].toTensor();
        if (tensor.scalar_type() != at::kFloat)
            throw Refused(Outcome::wrong_outputs,
                          std::string("numbers of the type ") + c10::toString(tensor.scalar_type()));
        if (tensor.sizes() != wanted.sizes()) throw Refused(Outcome::wrong_outputs, shape_of(tensor));
        wanted.copy_(tensor);
    }
}

int serve(const std::string& file, bool gpu, double gpu_memory) {
    watch_the_program();
    const at::NoGradGuard no_gradients;
    at::Device device = at::kCPU;
    torch::jit::Module network;
    if (!reply_with(Outcome::failed, [&] {
            at::set_num_threads(int(std::max(1u, std::thread::hardware_concurrency())));
            device = find_device(gpu, gpu_memory);
            keep_files();  // after the driver's start, which may have to write
            return "";
        }))
        return 1;
    if (!reply_with(Outcome::no_network, [&] {
            network = torch::jit::load(file, device);
            network.eval();
            return describe(network);
        }))
        return 1;
    SharedMemory memory;
    Request request;
    while (::recv(socket_file, &request, sizeof request, 0) == ssize_t(sizeof request))
        reply_with(Outcome::failed, [&] {
            memory.map(std::size_t(request.memory));
            run(network, device, memory, request);
            return "";
        });
    return 0;
}

}  // namespace
}  // namespace likeness::guest

int main(int count, char** words) {
    if (count != 4 || ::fcntl(likeness::guest::socket_file, F_GETFD) < 0) {
        std::fprintf(stderr, "likeness-torch runs TorchScript files for likeness; it is of no use alone.\n");
        return 2;
    }
    // Without the destructors of LibTorch's statics, which other threads may be using.
    std::_Exit(likeness::guest::serve(words[1], std::strcmp(words[2], "gpu") == 0, std::atof(words[3])));
}
