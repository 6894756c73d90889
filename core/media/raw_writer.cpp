#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <vector>

#include "core/base/output_file.h"
#include "core/media/film_writers.h"

namespace likeness::film {
namespace {

constexpr int patience_ms = 10'000;
// A pipe that can be written to takes so many bytes at once without waiting (POSIX: PIPE_BUF), which keeps a reader
// that has stopped from holding this thread.
constexpr std::size_t piece = 4096;

class RawWriter : public FrameWriter {
  public:
    RawWriter(Shape shape, int handle) : shape_(std::move(shape)), handle_(handle) {}
    ~RawWriter() override {
        if (handle_ != STDOUT_FILENO) ::close(handle_);
    }

    Status add(const Image& image) override {
        if (closed_) return closed(shape_);
        if (Status same = check_frame(shape_, image); !same) return same;
        const std::size_t channels = image.channels == 4 ? 4 : 3;
        if (channels_ != 0 && channels != channels_)
            return Error{ErrorCode::invalid_argument,
                         "The frames for '" + shape_.path.string() + "' are partly with alpha and partly without.", ""};
        channels_ = channels;
        std::vector<std::uint8_t> bytes;
        try {
            bytes = rgba_of(image);
        } catch (const std::bad_alloc&) {
            closed_ = true;
            return no_memory(shape_);
        }
        if (channels == 3) {
            const std::size_t count = bytes.size() / 4;
            for (std::size_t i = 1; i < count; ++i) std::copy_n(&bytes[i * 4], 3, &bytes[i * 3]);
            bytes.resize(count * 3);
        }
        Status written = write(bytes);
        closed_ = !written.ok();
        return written;
    }

  private:
    Status end(Progress&) override {
        if (closed_) return closed(shape_);
        closed_ = true;
        if (channels_ == 0) return no_frames(shape_);
        return {};
    }

    Error gone() const {
        return {ErrorCode::io,
                "The program that read the frames from '" + shape_.path.string() + "' has ended; nobody takes more.",
                ""};
    }

    Status write(std::span<const std::uint8_t> bytes) {
        while (!bytes.empty()) {
            pollfd state{handle_, POLLOUT, 0};
            const int ready = ::poll(&state, 1, patience_ms);
            if (ready < 0 && errno == EINTR) continue;
            if (ready == 0)
                return Error{ErrorCode::io,
                             "The program that reads the frames from '" + shape_.path.string() +
                                 "' has taken nothing for ten seconds.",
                             ""};
            if (ready > 0 && state.revents & POLLERR) return gone();
            const ssize_t put = ::write(handle_, bytes.data(), std::min(piece, bytes.size()));
            if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (put < 0 && errno == EPIPE) return gone();
            if (put < 0) return write_error(shape_.path, errno);
            bytes = bytes.subspan(std::size_t(put));
        }
        return {};
    }

    const Shape shape_;
    const int handle_;
    std::size_t channels_ = 0;
    bool closed_ = false;
};

}  // namespace

Result<std::unique_ptr<FrameWriter>> write_raw(const Shape& shape) {
    int handle = STDOUT_FILENO;
    // Without waiting: a pipe without a reader would hold us here.
    if (shape.path != "-") handle = ::open(shape.path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (handle < 0 && errno == ENXIO)
        return Error{ErrorCode::io, "No program reads from the pipe '" + shape.path.string() + "'; start it first.",
                     ""};
    if (handle < 0) return write_error(shape.path, errno);
    return std::unique_ptr<FrameWriter>(std::make_unique<RawWriter>(shape, handle));
}

}  // namespace likeness::film
