#include "cuda/gl_frame_store.h"

// Glad's header stands in for <GL/gl.h>, which the next one would include.
#include <glad/gl.h>
// clang-format off
#include <cuda_gl_interop.h>
// clang-format on

#include <cstdint>
#include <utility>
#include <vector>

#include "likeness/cuda/device_buffer.h"
#include "likeness/cuda/stream.h"
#include "render/frame_store.h"

namespace likeness {
namespace {

using cuda::check;

// The renderer draws into a ring of buffers in the GPU's memory. A picture is copied into the texture, which CUDA has
// mapped from the first picture until OpenGL wants to draw it: each change of hands makes the GPU switch between the two
// for a third of a millisecond, so there is one where somebody looks and none for pictures that nobody saw.
class GlFrameStore final : public FrameStore {
  public:
    GlFrameStore() {
        for (cudaEvent_t& event : copied_)
            check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "create event");
    }
    ~GlFrameStore() override {
        cudaStreamSynchronize(stream_);
        unregister();
        for (cudaEvent_t event : copied_)
            if (event) cudaEventDestroy(event);
    }
    std::string name() const override { return "stays on the GPU"; }

    void reserve(std::size_t bytes) override {
        for (int i = 0; i < slot_count; ++i) {
            memory_[i].resize(bytes);
            slots_[i].pixels = memory_[i].data();
            slots_[i].on_device = true;
            slots_[i].capacity = bytes;
        }
        stream_.wait();  // others write there, on streams of their own
    }

    void upload(int index) override {
        const FrameSlot& slot = slots_[index];
        if (slot.width > texture_width_ || slot.height > texture_height_) unregister();  // before its texture goes
        make_room(slot.width, slot.height);
        if (texture_.name() != registered_texture_) {
            unregister();
            check(cudaGraphicsGLRegisterImage(&registered_, texture_.name(), GL_TEXTURE_2D,
                                              cudaGraphicsRegisterFlagsWriteDiscard),
                  "register texture");
            registered_texture_ = texture_.name();
        }
        if (!mapped_) check(cudaGraphicsMapResources(1, &registered_, stream_), "map texture");
        mapped_ = true;
        cudaArray_t array = nullptr;
        check(cudaGraphicsSubResourceGetMappedArray(&array, registered_, 0, 0), "map texture");
        const std::size_t row = std::size_t(slot.width) * 4;
        check(cudaMemcpy2DToArrayAsync(array, 0, 0, slot.pixels, row, row, std::size_t(slot.height),
                                       cudaMemcpyDeviceToDevice, stream_),
              "copy into texture");
        check(cudaEventRecord(copied_[index], stream_), "copy into texture");
    }
    GLuint texture() const override {
        check(unmap(), "unmap texture");
        return texture_.name();
    }
    bool released(int index) override {
        const cudaError_t state = cudaEventQuery(copied_[index]);
        if (state == cudaErrorNotReady) return false;
        check(state, "copy into texture");
        return true;
    }

  private:
    cudaError_t unmap() const {
        cudaGraphicsResource_t resource = registered_;
        return std::exchange(mapped_, false) ? cudaGraphicsUnmapResources(1, &resource, stream_) : cudaSuccess;
    }
    void unregister() {
        unmap();
        if (registered_) cudaGraphicsUnregisterResource(registered_);
        registered_ = nullptr;
        registered_texture_ = 0;
    }

    cuda::Stream stream_{-1};
    cuda::DeviceBuffer<std::uint8_t> memory_[slot_count] = {cuda::DeviceBuffer<std::uint8_t>(stream_),
                                                            cuda::DeviceBuffer<std::uint8_t>(stream_),
                                                            cuda::DeviceBuffer<std::uint8_t>(stream_)};
    cudaEvent_t copied_[slot_count] = {};
    cudaGraphicsResource_t registered_ = nullptr;
    GLuint registered_texture_ = 0;
    mutable bool mapped_ = false;  // CUDA has the texture
};

// A small picture there and back.
bool works(GlFrameStore& store) {
    constexpr int side = 4;
    store.reserve(256 * 256 * 4);
    FrameSlot& slot = store.slot(0);
    slot.width = slot.height = side;
    std::vector<std::uint8_t> sent(side * side * 4), seen(sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = std::uint8_t(i * 37 + 11);
    check(cudaMemcpy(slot.pixels, sent.data(), sent.size(), cudaMemcpyHostToDevice), "upload");
    store.upload(0);
    glGetTextureSubImage(store.texture(), 0, 0, 0, 0, side, side, 1, GL_RGBA, GL_UNSIGNED_BYTE, GLsizei(seen.size()),
                         seen.data());
    return glGetError() == GL_NO_ERROR && seen == sent;
}

std::unique_ptr<FrameStore> make(std::string& reason) {
    int device = 0;
    unsigned count = 0;
    int sharing[8] = {};
    bool shared = false;
    if (cudaGetDevice(&device) == cudaSuccess &&
        cudaGLGetDevices(&count, sharing, 8, cudaGLDeviceListAll) == cudaSuccess)
        for (unsigned i = 0; i < count; ++i) shared = shared || sharing[i] == device;
    if (!shared) {
        cudaGetLastError();
        reason = "OpenGL does not run on CUDA's GPU";
        return nullptr;
    }
    try {
        auto store = std::make_unique<GlFrameStore>();
        if (works(*store)) return store;
        reason = "a texture did not show what CUDA wrote";
    } catch (const cuda::CudaError& failure) {
        cudaGetLastError();
        reason = failure.what();
    }
    return nullptr;
}

}  // namespace

void register_gl_frame_store() { register_device_store(make); }

}  // namespace likeness
