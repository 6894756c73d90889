// Memory to draw to, for machines without a display: EGL's device platform (the one that GPUs without a screen have),
// else Mesa's surfaceless platform; both through the same calls.
#include <glad/egl.h>
#include <glad/gl.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "render/gl.h"
#include "render/surface.h"

namespace likeness {
namespace {

class Offscreen : public Surface {
  public:
    Offscreen(EGLDisplay display, EGLContext context, const std::string& platform, const SurfaceOptions& options)
        : display_(display), context_(context), scale_(options.scale > 0 ? options.scale : 1) {
        description_ = "No display (" + platform + "), " + describe_opengl();
        resize(options.width, options.height);
        ImGui::GetIO().BackendPlatformName = "offscreen";
    }
    ~Offscreen() override {
        framebuffer_.reset();
        color_.reset();
        eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        eglDestroyContext(display_, context_);
        eglTerminate(display_);
    }

    std::string description() const override { return description_; }
    int width() const override { return width_; }
    int height() const override { return height_; }
    float scale() const override { return scale_; }
    void wait(double seconds) override {
        std::unique_lock lock(mutex_);
        if (seconds > 0) woken_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return awake_; });
        awake_ = false;
    }
    void wake() override {
        {
            const std::lock_guard lock(mutex_);
            awake_ = true;
        }
        woken_.notify_one();
    }
    void new_frame() override {
        ImGuiIO& io = ImGui::GetIO();
        io.DisplaySize = ImVec2(float(width_), float(height_));
        io.DisplayFramebufferScale = ImVec2(1, 1);
        const auto now = std::chrono::steady_clock::now();
        io.DeltaTime = std::clamp(std::chrono::duration<float>(now - last_).count(), 1e-4f, 1.0f);
        last_ = now;
    }
    void bind() override {
        glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_.name());
        glViewport(0, 0, width_, height_);
    }
    void present() override { glFlush(); }
    Image read() override {
        glBindFramebuffer(GL_READ_FRAMEBUFFER, framebuffer_.name());
        return read_framebuffer(width_, height_);
    }
    void resize(int width, int height) override {
        width_ = std::clamp(width, 16, 16384);
        height_ = std::clamp(height, 16, 16384);
        color_ = gl::make_texture(GL_RGBA8, width_, height_);
        if (!framebuffer_) framebuffer_ = gl::Framebuffer::make();
        glNamedFramebufferTexture(framebuffer_.name(), GL_COLOR_ATTACHMENT0, color_.name(), 0);
        active_ = true;
    }

  private:
    EGLDisplay display_;
    EGLContext context_;
    float scale_;
    std::string description_;
    int width_ = 0, height_ = 0;
    gl::Texture color_;
    gl::Framebuffer framebuffer_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    std::mutex mutex_;
    std::condition_variable woken_;
    bool awake_ = false;
};

// A current OpenGL 4.5 core context without a surface; null when this display has none.
EGLContext make_context(EGLDisplay display) {
    if (display == EGL_NO_DISPLAY || !eglInitialize(display, nullptr, nullptr)) return EGL_NO_CONTEXT;
    constexpr std::array<EGLint, 5> wanted = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE, 0, EGL_NONE};
    EGLConfig config{};
    EGLint count = 0;
    constexpr std::array<EGLint, 7> version = {EGL_CONTEXT_MAJOR_VERSION, 4, EGL_CONTEXT_MINOR_VERSION, 5,
                                               EGL_CONTEXT_OPENGL_PROFILE_MASK, EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    if (eglBindAPI(EGL_OPENGL_API) && eglChooseConfig(display, wanted.data(), &config, 1, &count) && count > 0)
        if (EGLContext context = eglCreateContext(display, config, EGL_NO_CONTEXT, version.data()); context != EGL_NO_CONTEXT) {
            if (eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) return context;
            eglDestroyContext(display, context);
        }
    eglTerminate(display);
    return EGL_NO_CONTEXT;
}

}  // namespace

Result<std::unique_ptr<Surface>> open_offscreen(const SurfaceOptions& options) {
    const auto fail = [](const std::string& why) {
        return Error{ErrorCode::device, "This machine has no OpenGL 4.5 without a display; install Mesa's software renderer (libgl1-mesa-dri, libegl1).", why};
    };
    if (!gladLoaderLoadEGL(EGL_NO_DISPLAY)) return fail("libEGL could not be loaded");
    const auto use = [&](EGLDisplay display, const std::string& platform) -> std::unique_ptr<Surface> {
        const EGLContext context = make_context(display);
        if (context == EGL_NO_CONTEXT) return nullptr;
        if (!gladLoadGL(GLADloadfunc(eglGetProcAddress))) return nullptr;
        return std::make_unique<Offscreen>(display, context, platform, options);
    };
    if (eglGetPlatformDisplayEXT && eglQueryDevicesEXT) {
        std::array<EGLDeviceEXT, 16> devices{};
        EGLint count = 0;
        if (eglQueryDevicesEXT(EGLint(devices.size()), devices.data(), &count))
            for (EGLint i = 0; i < count; ++i)
                if (auto surface = use(eglGetPlatformDisplayEXT(EGL_PLATFORM_DEVICE_EXT, devices[std::size_t(i)], nullptr), "EGL device"))
                    return surface;
    }
    if (eglGetPlatformDisplayEXT)
        if (auto surface = use(eglGetPlatformDisplayEXT(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr), "EGL surfaceless"))
            return surface;
    return fail("no EGL platform gave a context");
}

}  // namespace likeness
