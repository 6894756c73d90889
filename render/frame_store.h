// Where finished pictures of the avatar wait between the thread that renders them and the one that owns OpenGL, and
// how they get into a texture. A ring, so that neither waits for the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/view/scene_renderer.h"
#include "render/gl.h"

namespace likeness {

struct FrameSlot : PixelTarget {
    std::size_t capacity = 0;  // bytes
    int width = 0, height = 0;
};

class FrameStore {
  public:
    static constexpr int slot_count = 3;
    virtual ~FrameStore() = default;
    virtual std::string name() const = 0;  // for people: "copied by the processor"

    // All but slot() belong to OpenGL's thread. No slot may be in use while this is called.
    virtual void reserve(std::size_t bytes) = 0;
    FrameSlot& slot(int index) { return slots_[index]; }
    const FrameSlot& slot(int index) const { return slots_[index]; }
    // Starts copying into the texture.
    virtual void upload(int index) = 0;
    // The slot may be written again: what upload() began has ended.
    virtual bool released(int index) = 0;

    // What OpenGL draws from until the next upload. To be asked for at each drawing: only then the texture is OpenGL's.
    virtual GLuint texture() const { return texture_.name(); }
    // The part of the texture that the last upload filled.
    int width() const { return width_; }
    int height() const { return height_; }
    int texture_width() const { return texture_width_; }
    int texture_height() const { return texture_height_; }

  protected:
    void make_room(int width, int height);
    FrameSlot slots_[slot_count];
    gl::Texture texture_;
    int width_ = 0, height_ = 0, texture_width_ = 0, texture_height_ = 0;
};

enum class StoreKind { automatic, host, pixel_buffer, device };

// A store whose slots lie in the memory of the GPU that draws, or null and the reason why this machine has none; the
// GPU's code adds it at start. Called with the context current.
using MakeDeviceStore = std::function<std::unique_ptr<FrameStore>(std::string& reason)>;
void register_device_store(MakeDeviceStore make);

// Automatic takes the first that a probe finds working: the GPU's own memory when what draws can use it (`on_device`),
// pixel buffers that stay mapped where the driver is a GPU's, ordinary memory on a software renderer, for which a pixel
// buffer is one copy more. A kind that was chosen and does not work falls back likewise. `reason` says why, for people.
std::unique_ptr<FrameStore> make_frame_store(StoreKind kind, bool on_device, std::string& reason);

// "automatic", "host", "pixel_buffer", "device"; automatic for any other name.
StoreKind store_kind(const std::string& name);
const char* store_kind_name(StoreKind kind);

}  // namespace likeness
