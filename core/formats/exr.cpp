#include "core/formats/exr.h"

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>
#include <ImfOutputFile.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>

#include "core/image/file_bytes.h"

namespace likeness {
namespace {

constexpr std::size_t largest_file = std::size_t(1) << 30;

class MemoryInput final : public Imf::IStream {
  public:
    MemoryInput(const std::vector<std::uint8_t>& bytes, const std::string& name)
        : Imf::IStream(name.c_str()), bytes_(bytes) {}
    bool read(char to[], int count) override {
        if (count < 0 || std::uint64_t(count) > bytes_.size() - at_) throw std::runtime_error("the file ends too early");
        std::memcpy(to, bytes_.data() + at_, std::size_t(count));
        at_ += std::uint64_t(count);
        return at_ < bytes_.size();
    }
    std::uint64_t tellg() override { return at_; }
    void seekg(std::uint64_t to) override {
        if (to > bytes_.size()) throw std::runtime_error("a place behind the file's end");
        at_ = to;
    }

  private:
    const std::vector<std::uint8_t>& bytes_;
    std::uint64_t at_ = 0;
};

class MemoryOutput final : public Imf::OStream {
  public:
    explicit MemoryOutput(std::vector<std::uint8_t>& bytes) : Imf::OStream("memory"), bytes_(bytes) {}
    void write(const char from[], int count) override {
        const std::size_t end = std::size_t(at_) + std::size_t(count);
        if (end > bytes_.size()) bytes_.resize(end);
        std::memcpy(bytes_.data() + at_, from, std::size_t(count));
        at_ = end;
    }
    std::uint64_t tellp() override { return at_; }
    void seekp(std::uint64_t to) override { at_ = to; }

  private:
    std::vector<std::uint8_t>& bytes_;
    std::uint64_t at_ = 0;
};

// OpenEXR looks at these before it takes memory.
void limit_sizes() {
    static std::once_flag once;
    std::call_once(once, [] {
        Imf::Header::setMaxImageSize(largest_exr_side, largest_exr_side);
        Imf::Header::setMaxTileSize(largest_exr_side, largest_exr_side);
    });
}

char* first_byte(std::vector<Eigen::half>& values, const Imath::Box2i& window, int width) {
    // Slices are addressed from the window's origin, which may be anywhere.
    return reinterpret_cast<char*>(values.data()) -
           (std::ptrdiff_t(window.min.y) * width + window.min.x) * std::ptrdiff_t(sizeof(Eigen::half));
}

ExrPicture read_channels(Imf::InputFile& file, const std::vector<std::string>& wanted) {
    const Imf::Header& header = file.header();
    const Imath::Box2i& window = header.dataWindow();
    ExrPicture picture;
    const std::int64_t width = std::int64_t(window.max.x) - window.min.x + 1,
                       height = std::int64_t(window.max.y) - window.min.y + 1;
    if (width < 1 || height < 1 || width > largest_exr_side || height > largest_exr_side)
        throw std::runtime_error("its size");
    picture.width = int(width);
    picture.height = int(height);
    std::size_t channels = 0;
    for (auto c = header.channels().begin(); c != header.channels().end(); ++c)
        if (++channels > most_exr_channels) throw std::runtime_error("too many channels");
    Imf::FrameBuffer buffer;
    for (const std::string& name : wanted) {
        const Imf::Channel* const channel = header.channels().findChannel(name);
        if (!channel) continue;
        if (channel->xSampling != 1 || channel->ySampling != 1) throw std::runtime_error("a channel of another size");
        std::vector<Eigen::half>& values = picture.channels[name];
        values.resize(std::size_t(width) * std::size_t(height));
        buffer.insert(name, Imf::Slice(Imf::HALF, first_byte(values, window, picture.width), sizeof(Eigen::half),
                                       sizeof(Eigen::half) * std::size_t(width)));
    }
    if (picture.channels.empty()) return picture;
    file.setFrameBuffer(buffer);
    file.readPixels(window.min.y, window.max.y);
    for (const auto& [name, values] : picture.channels)
        if (!std::all_of(values.begin(), values.end(), [](Eigen::half x) { return (Eigen::numext::isfinite)(x); }))
            throw std::runtime_error("a value that is not finite in " + name);
    return picture;
}

}  // namespace

Result<std::vector<std::uint8_t>> encode_exr(const ExrPicture& picture) {
    std::vector<std::uint8_t> bytes;
    const std::size_t count = std::size_t(picture.width) * std::size_t(picture.height);
    for (const auto& [name, values] : picture.channels)
        if (values.size() != count) throw std::invalid_argument("EXR: a channel of another size");
    try {
        Imf::Header header(picture.width, picture.height);
        header.compression() = Imf::ZIP_COMPRESSION;
        Imf::FrameBuffer buffer;
        for (const auto& [name, values] : picture.channels) {
            header.channels().insert(name, Imf::Channel(Imf::HALF));
            char* const first = const_cast<char*>(reinterpret_cast<const char*>(values.data()));
            buffer.insert(name, Imf::Slice(Imf::HALF, first, sizeof(Eigen::half),
                                           sizeof(Eigen::half) * std::size_t(picture.width)));
        }
        MemoryOutput stream(bytes);
        Imf::OutputFile file(stream, header);
        file.setFrameBuffer(buffer);
        file.writePixels(picture.height);
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory for the EXR picture.", ""};
    } catch (const std::exception& failure) {
        return Error{ErrorCode::internal, "The EXR picture could not be made.", failure.what()};
    }
    return bytes;
}

Result<ExrPicture> load_exr(const std::filesystem::path& path, const std::vector<std::string>& wanted) {
    auto bytes = read_file(path, largest_file);
    if (!bytes) return bytes.error();
    return load_exr_from_memory(*std::move(bytes), path.string(), wanted);
}

Result<ExrPicture> load_exr_from_memory(std::vector<std::uint8_t> bytes, const std::string& name,
                                        const std::vector<std::string>& wanted) {
    limit_sizes();
    try {
        MemoryInput stream(bytes, name);
        Imf::InputFile file(stream);
        return read_channels(file, wanted);
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to read '" + name + "'.", ""};
    } catch (const std::exception& failure) {
        return Error{ErrorCode::bad_input,
                     "'" + name + "' cannot be read: it is no EXR picture of at most " +
                         std::to_string(largest_exr_side) + " pixels a side, or it is damaged.",
                     failure.what()};
    }
}

}  // namespace likeness
