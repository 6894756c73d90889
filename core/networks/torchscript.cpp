#include "core/networks/torchscript.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "core/base/paths.h"
#include "core/image/file_bytes.h"
#include "core/networks/torch/guest_protocol.h"

namespace likeness {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds start_time{60};  // for LibTorch from a slow disk

class File {
  public:
    explicit File(int file = -1) : file_(file) {}
    File(File&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    ~File() {
        if (file_ >= 0) ::close(file_);
    }
    int get() const { return file_; }

  private:
    int file_;
};

// Away from the numbers that the other process has them under.
File moved_up(File file) {
    File moved(::fcntl(file.get(), F_DUPFD_CLOEXEC, 16));
    if (moved.get() < 0) throw std::runtime_error(std::strerror(errno));
    return moved;
}

// What a process has of its own, in bytes: neither files nor shared memory.
std::size_t own_memory(pid_t process) {
    std::ifstream stream("/proc/" + std::to_string(process) + "/statm");
    std::size_t all = 0, resident = 0, shared = 0;
    if (!(stream >> all >> resident >> shared) || resident < shared) return 0;
    return (resident - shared) * std::size_t(::sysconf(_SC_PAGESIZE));
}

std::string megabytes(std::size_t bytes) { return std::to_string(bytes >> 20) + " MB"; }
std::string seconds(std::chrono::milliseconds time) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g seconds", double(time.count()) / 1000);
    return text;
}

// The last line of what an exception says: TorchScript's own begin with many lines of where it was.
std::string last_line(const std::string& text) {
    std::istringstream lines(text);
    std::string last;
    for (std::string line; std::getline(lines, line);)
        if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
    // "RuntimeError: AssertionError: ..."
    for (std::size_t end; (end = last.find("Error: ")) != last.npos && last.find(' ') > end;) last.erase(0, end + 7);
    for (char& c : last)
        if (static_cast<unsigned char>(c) < 32) c = ' ';
    if (last.size() > 200) last = last.substr(0, 200) + "...";
    while (!last.empty() && (last.back() == '.' || last.back() == ' ')) last.pop_back();
    return last;
}

}  // namespace

class TorchScriptNetwork::Guest {
  public:
    Guest(const fs::path& file, NetworkDevice device, const NetworkLimits& limits)
        : name_(file.filename().string()), limits_(limits) {
        start(file, device);
    }
    ~Guest() { stop(); }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    Error error(ErrorCode code, const std::string& what, const std::string& detail = {}) const {
        return {code, "The network '" + name_ + "' " + what, detail};
    }

    // Its next reply, within some time.
    Result<guest::Reply> wait(std::chrono::milliseconds time, const Progress* progress) {
        const Clock::time_point began = Clock::now();
        for (;;) {
            pollfd waited{socket_.get(), POLLIN, 0};
            if (::poll(&waited, 1, 10) > 0) {
                guest::Reply reply;
                if (::recv(socket_.get(), &reply, sizeof reply, 0) != ssize_t(sizeof reply)) return crashed();
                reply.text[sizeof reply.text - 1] = 0;
                return reply;
            }
            if (progress && progress->cancelled()) {
                stop();
                return error(ErrorCode::cancelled, "was stopped.");
            }
            if (Clock::now() - began > time) {
                stop();
                return error(ErrorCode::bad_input, "did not finish within " + seconds(time) +
                                                       " and was stopped; use a faster network or a smaller picture.");
            }
            if (own_memory(process_) > at_rest_ + limits_.memory) {
                stop();
                return too_much_memory();
            }
        }
    }

    Result<guest::Reply> load(const Progress* progress) {
        Result<guest::Reply> started = wait(start_time, progress);
        if (!started || started->outcome != guest::Outcome::done) return started;
        at_rest_ = own_memory(process_);
        return wait(limits_.time, progress);
    }

    Status run(std::span<const NetworkBuffer> inputs, std::span<const NetworkBuffer> outputs,
               const Progress* progress) {
        if (process_ < 0) return error(ErrorCode::bad_input, "was stopped before; load it again.");
        guest::Request request{};
        if (inputs.size() > guest::most_tensors || outputs.size() > guest::most_tensors)
            return error(ErrorCode::bad_input, "has more than 8 inputs or outputs.");
        request.input_count = int(inputs.size());
        request.output_count = int(outputs.size());
        for (std::size_t i = 0; i < inputs.size() + outputs.size(); ++i) {
            const bool in = i < inputs.size();
            const NetworkBuffer& view = in ? inputs[i] : outputs[i - inputs.size()];
            if (view.dimensions.size() > guest::most_dimensions)
                return error(ErrorCode::invalid_argument, "was given more than 8 dimensions.");
            guest::Tensor& tensor = in ? request.inputs[i] : request.outputs[i - inputs.size()];
            tensor.offset = request.memory;
            tensor.rank = int(view.dimensions.size());
            std::copy(view.dimensions.begin(), view.dimensions.end(), tensor.dimensions);
            request.memory += (view.size() * sizeof(float) + 63) / 64 * 64;
        }
        if (request.memory > limits_.memory) return too_much_memory();
        if (!map(request.memory)) return too_much_memory();
        request.memory = size_;
        for (std::size_t i = 0; i < inputs.size(); ++i)
            std::copy_n(inputs[i].data, inputs[i].size(), floats(request.inputs[i]));
        if (::send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL) != ssize_t(sizeof request)) return crashed();
        const Result<guest::Reply> reply = wait(limits_.time, progress);
        if (!reply) return reply.error();
        switch (reply->outcome) {
            case guest::Outcome::done:
                break;
            case guest::Outcome::out_of_memory:
                return too_much_memory();
            case guest::Outcome::wrong_outputs: {
                std::string wanted;
                for (const NetworkBuffer& view : outputs)
                    wanted += (wanted.empty() ? "" : " and ") + to_text(view.dimensions);
                return error(ErrorCode::bad_input, "gives " + std::string(reply->text) + " where " + wanted +
                                                       " is wanted; use one that is made for this.");
            }
            default: {
                std::string given;
                for (const NetworkBuffer& view : inputs)
                    given += (given.empty() ? "" : " and ") + to_text(view.dimensions);
                return error(ErrorCode::bad_input, "cannot work on " + given + ": " + last_line(reply->text) + ".",
                             reply->text);
            }
        }
        for (std::size_t i = 0; i < outputs.size(); ++i)
            std::copy_n(floats(request.outputs[i]), outputs[i].size(), outputs[i].data);
        return {};
    }

    Error too_much_memory() const {
        return error(ErrorCode::out_of_memory, "needs more than the " + megabytes(limits_.memory) +
                                                   " that it may have; use a smaller network or picture.");
    }

  private:
    void start(const fs::path& file, NetworkDevice device) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
            throw std::runtime_error(std::strerror(errno));
        socket_ = File(ends[0]);
        const File theirs = moved_up(File(ends[1]));
        memory_ = moved_up(File(::memfd_create("likeness-network", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
        ::fcntl(memory_.get(), F_ADD_SEALS, F_SEAL_SHRINK);  // what is mapped stays there

        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
        ::posix_spawn_file_actions_adddup2(&files, 0, 1);
        ::posix_spawn_file_actions_adddup2(&files, 0, 2);
        ::posix_spawn_file_actions_adddup2(&files, theirs.get(), guest::socket_file);
        ::posix_spawn_file_actions_adddup2(&files, memory_.get(), guest::memory_file);
        ::posix_spawn_file_actions_addclosefrom_np(&files, guest::memory_file + 1);
        posix_spawnattr_t how;
        ::posix_spawnattr_init(&how);
        sigset_t none;
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&how, &none);
        ::posix_spawnattr_setpgroup(&how, 0);  // Ctrl-C is for the program
        ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        const std::string path = find_companion("likeness-torch").string(), file_path = fs::absolute(file).string(),
                          most = std::to_string(limits_.memory);
        const char* const words[] = {path.c_str(), file_path.c_str(), device == NetworkDevice::gpu ? "gpu" : "cpu",
                                     most.c_str(), nullptr};
        // Threads of OpenMP that wait would spin, and take the processor from the program's own.
        static constexpr const char* waiting = "OMP_WAIT_POLICY=passive";
        std::vector<const char*> environment = {waiting};
        for (char** variable = environ; *variable; ++variable) environment.push_back(*variable);
        environment.push_back(nullptr);
        const int code = ::posix_spawn(&process_, path.c_str(), &files, &how, const_cast<char* const*>(words),
                                       const_cast<char* const*>(environment.data()));
        ::posix_spawnattr_destroy(&how);
        ::posix_spawn_file_actions_destroy(&files);
        if (code != 0) {
            process_ = -1;
            throw std::runtime_error(std::strerror(code));
        }
    }

    void stop() {
        if (process_ >= 0) {
            ::kill(process_, SIGKILL);
            while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
            }
        }
        process_ = -1;
        socket_ = File();
        if (data_) ::munmap(data_, size_);
        data_ = nullptr;
        size_ = 0;
    }

    // Its end of the socket is closed: it has ended, or is about to.
    Error crashed() {
        int state = 0;
        pid_t ended = 0;
        for (int tries = 0; tries < 100 && ended == 0; ++tries) {
            ended = ::waitpid(process_, &state, WNOHANG);
            if (ended == 0) ::usleep(10'000);
        }
        if (ended != 0) process_ = -1;
        stop();
        const std::string how = WIFSIGNALED(state) ? "signal " + std::to_string(WTERMSIG(state))
                                                   : "exit code " + std::to_string(WEXITSTATUS(state));
        return error(ErrorCode::bad_input, "crashed (" + how + "); use another file.");
    }

    // Shared memory of at least a size; it only grows.
    bool map(std::size_t size) {
        if (size <= size_) return true;
        if (data_) ::munmap(data_, size_);
        data_ = nullptr;
        size_ = 0;
        if (::ftruncate(memory_.get(), off_t(size)) != 0) return false;
        void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
        if (mapped == MAP_FAILED) return false;
        data_ = mapped;
        size_ = size;
        return true;
    }
    float* floats(const guest::Tensor& tensor) const {
        return reinterpret_cast<float*>(static_cast<char*>(data_) + tensor.offset);
    }

    std::string name_;
    NetworkLimits limits_;
    pid_t process_ = -1;
    File socket_, memory_;
    void* data_ = nullptr;
    std::size_t size_ = 0, at_rest_ = 0;
};

TorchScriptNetwork::TorchScriptNetwork(std::string name, std::string version, const NetworkLimits& limits,
                                       NetworkDevice device, std::unique_ptr<Guest> guest)
    : Network(std::move(name), std::move(version), limits), device_(device), guest_(std::move(guest)) {}
TorchScriptNetwork::~TorchScriptNetwork() = default;

Result<std::unique_ptr<TorchScriptNetwork>> TorchScriptNetwork::load(const fs::path& file, NetworkDevice device,
                                                                     const NetworkLimits& limits,
                                                                     const Progress* progress) {
    const std::string name = file.filename().string();
    if (find_companion("likeness-torch").empty())
        return Error{ErrorCode::not_found,
                     "The network '" + name +
                         "' needs LibTorch, which is not installed; run scripts/setup --torch and build again.",
                     ""};
    const Result<std::uint64_t> size = readable_file_size(file);
    if (!size) return size.error();
    if (*size > limits.file_bytes)
        return Error{ErrorCode::bad_input,
                     "The network '" + name + "' has " + megabytes(*size) + ", and at most " +
                         megabytes(limits.file_bytes) + " are allowed; use a smaller one.",
                     ""};
    const Result<std::vector<std::uint8_t>> bytes = read_file(file, limits.file_bytes);
    if (!bytes) return bytes.error();
    try {
        auto guest = std::make_unique<Guest>(file, device, limits);
        const Result<guest::Reply> loaded = guest->load(progress);
        if (!loaded) return loaded.error();
        switch (loaded->outcome) {
            case guest::Outcome::done:
                break;
            case guest::Outcome::out_of_memory:
                return guest->too_much_memory();
            case guest::Outcome::no_device:
                return Error{ErrorCode::device,
                             "LibTorch finds no graphics card for the network '" + name +
                                 "'; run it on the processor, or install the torch package with its NVIDIA libraries.",
                             ""};
            default:
                return guest->error(ErrorCode::bad_input, "cannot be loaded; save it again with torch.jit.save.",
                                    loaded->text);
        }
        std::unique_ptr<TorchScriptNetwork> network(
            new TorchScriptNetwork(name, version_of(*bytes), limits, device, std::move(guest)));
        std::istringstream lines(loaded->text);
        std::vector<TensorShape>* shapes = &network->inputs_;
        for (std::string line; std::getline(lines, line);) {
            if (line.empty())
                shapes = &network->outputs_;
            else
                shapes->push_back({line, {}});
        }
        return network;
    } catch (const std::exception& failure) {
        return Error{ErrorCode::internal, "The network '" + name + "' cannot be started.", failure.what()};
    }
}

Status TorchScriptNetwork::run(std::span<const NetworkBuffer> inputs, std::span<const NetworkBuffer> outputs,
                               const Progress* progress) {
    if (Status fit = check_views(name(), inputs, inputs_); !fit) return fit;
    if (Status fit = check_views(name(), outputs, outputs_); !fit) return fit;
    return guest_->run(inputs, outputs, progress);
}

}  // namespace likeness
