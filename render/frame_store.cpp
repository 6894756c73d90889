#include "render/frame_store.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

namespace likeness {
namespace {

// Sizes go up in these steps, so that a dragged splitter does not make a texture a frame.
constexpr int texture_step = 64;

MakeDeviceStore& device_store() {
    static MakeDeviceStore make;
    return make;
}

int rounded(int side) { return (side + texture_step - 1) / texture_step * texture_step; }

class HostStore : public FrameStore {
  public:
    std::string name() const override { return "copied by the processor"; }
    void reserve(std::size_t bytes) override {
        for (int i = 0; i < slot_count; ++i) {
            memory_[std::size_t(i)].resize(bytes);
            slots_[i].pixels = memory_[std::size_t(i)].data();
            slots_[i].capacity = bytes;
        }
    }
    void upload(int index) override {
        const FrameSlot& slot = slots_[index];
        make_room(slot.width, slot.height);
        glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
        glTextureSubImage2D(texture_.name(), 0, 0, 0, slot.width, slot.height, GL_RGBA, GL_UNSIGNED_BYTE, slot.pixels);
    }
    bool released(int) override { return true; }

  private:
    std::array<std::vector<std::uint8_t>, slot_count> memory_;
};

class PixelBufferStore : public FrameStore {
  public:
    ~PixelBufferStore() override {
        for (GLsync& fence : fences_) glDeleteSync(fence);
    }
    std::string name() const override { return "pixel buffers, always mapped"; }
    void reserve(std::size_t bytes) override {
        for (int i = 0; i < slot_count; ++i) {
            gl::Buffer& buffer = buffers_[std::size_t(i)];
            buffer = gl::Buffer::make();
            constexpr GLbitfield flags = GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT | GL_MAP_COHERENT_BIT;
            glNamedBufferStorage(buffer.name(), GLsizeiptr(bytes), nullptr, flags);
            slots_[i].pixels =
                static_cast<std::uint8_t*>(glMapNamedBufferRange(buffer.name(), 0, GLsizeiptr(bytes), flags));
            if (!slots_[i].pixels) throw std::runtime_error("OpenGL could not map a pixel buffer");
            slots_[i].capacity = bytes;
        }
    }
    void upload(int index) override {
        const FrameSlot& slot = slots_[index];
        make_room(slot.width, slot.height);
        glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
        glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffers_[std::size_t(index)].name());
        glTextureSubImage2D(texture_.name(), 0, 0, 0, slot.width, slot.height, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
        glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
        GLsync& fence = fences_[std::size_t(index)];
        glDeleteSync(fence);
        fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
    }
    bool released(int index) override {
        GLsync& fence = fences_[std::size_t(index)];
        if (!fence) return true;
        if (glClientWaitSync(fence, GL_SYNC_FLUSH_COMMANDS_BIT, 0) == GL_TIMEOUT_EXPIRED) return false;
        glDeleteSync(fence);
        fence = nullptr;
        return true;
    }

  private:
    std::array<gl::Buffer, slot_count> buffers_;
    std::array<GLsync, slot_count> fences_{};
};

}  // namespace

void FrameStore::make_room(int width, int height) {
    width_ = width;
    height_ = height;
    if (width <= texture_width_ && height <= texture_height_) return;
    texture_width_ = rounded(std::max(width, texture_width_));
    texture_height_ = rounded(std::max(height, texture_height_));
    texture_ = gl::make_texture(GL_RGBA8, texture_width_, texture_height_);
}

void register_device_store(MakeDeviceStore make) { device_store() = std::move(make); }

std::unique_ptr<FrameStore> make_frame_store(StoreKind kind, bool on_device, std::string& reason) {
    std::string refused;
    if (kind == StoreKind::device || (kind == StoreKind::automatic && on_device)) {
        if (!on_device) {
            refused = "the processor draws";
        } else if (!device_store()) {
            refused = "this build has no code for a GPU";
        } else if (auto store = device_store()(refused)) {
            reason = kind == StoreKind::automatic ? "OpenGL runs on the GPU that draws" : "chosen by hand";
            return store;
        }
        if (kind == StoreKind::device) kind = StoreKind::automatic;
    }
    const auto because = [&](const char* words) { return refused.empty() ? words : refused + "; " + words; };
    if (kind == StoreKind::host) {
        reason = "chosen by hand";
        return std::make_unique<HostStore>();
    }
    const auto* words = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
    const std::string renderer = words ? words : "";
    const bool software =
        renderer.find("llvmpipe") != std::string::npos || renderer.find("softpipe") != std::string::npos;
    if (kind == StoreKind::automatic && software) {
        reason = because("OpenGL runs on the processor");
        return std::make_unique<HostStore>();
    }
    try {
        auto store = std::make_unique<PixelBufferStore>();
        store->reserve(256 * 256 * 4);
        if (glGetError() != GL_NO_ERROR) throw std::runtime_error("OpenGL refused a pixel buffer");
        reason = kind == StoreKind::automatic ? because("the driver keeps buffers mapped") : "chosen by hand";
        return store;
    } catch (const std::exception& failure) {
        reason = failure.what();
        return std::make_unique<HostStore>();
    }
}

namespace {
constexpr std::array<const char*, 4> kind_names = {"automatic", "host", "pixel_buffer", "device"};
}

StoreKind store_kind(const std::string& name) {
    const auto found = std::find(kind_names.begin(), kind_names.end(), name);
    return found == kind_names.end() ? StoreKind::automatic : StoreKind(found - kind_names.begin());
}
const char* store_kind_name(StoreKind kind) { return kind_names[std::size_t(kind)]; }

}  // namespace likeness
