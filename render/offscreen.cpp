// Memory to draw to, for machines without a display: EGL's device platform (the one that GPUs without a screen have),
// else Mesa's surfaceless platform; both through the same calls.
#define EGL_EGL_PROTOTYPES 0  // libEGL is loaded when it is needed
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <dlfcn.h>
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

// libEGL's functions that are used here. Loaded once, never unloaded: drivers do not like to go.
struct Egl {
    PFNEGLGETPROCADDRESSPROC get_address = nullptr;
    PFNEGLINITIALIZEPROC initialize = nullptr;
    PFNEGLTERMINATEPROC terminate = nullptr;
    PFNEGLBINDAPIPROC bind_api = nullptr;
    PFNEGLCHOOSECONFIGPROC choose_config = nullptr;
    PFNEGLCREATECONTEXTPROC create_context = nullptr;
    PFNEGLDESTROYCONTEXTPROC destroy_context = nullptr;
    PFNEGLMAKECURRENTPROC make_current = nullptr;
    PFNEGLGETPLATFORMDISPLAYEXTPROC get_platform_display = nullptr;  // these two may be missing
    PFNEGLQUERYDEVICESEXTPROC query_devices = nullptr;

    bool load() {
        void* library = dlopen("libEGL.so.1", RTLD_LAZY | RTLD_LOCAL);
        if (!library) return false;
        get_address = reinterpret_cast<PFNEGLGETPROCADDRESSPROC>(dlsym(library, "eglGetProcAddress"));
        if (!get_address) return false;
        const auto find = [&](auto& function, const char* name) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
            if (!function) function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(get_address(name));
            return function != nullptr;
        };
        find(get_platform_display, "eglGetPlatformDisplayEXT");
        find(query_devices, "eglQueryDevicesEXT");
        return find(initialize, "eglInitialize") && find(terminate, "eglTerminate") && find(bind_api, "eglBindAPI") &&
               find(choose_config, "eglChooseConfig") && find(create_context, "eglCreateContext") &&
               find(destroy_context, "eglDestroyContext") && find(make_current, "eglMakeCurrent");
    }
};

class Offscreen : public Surface {
  public:
    Offscreen(const Egl& egl, EGLDisplay display, EGLContext context, const std::string& platform,
              const SurfaceOptions& options)
        : egl_(egl), display_(display), context_(context), scale_(options.scale > 0 ? options.scale : 1) {
        description_ = "No display (" + platform + "), " + describe_opengl();
        resize(options.width, options.height);
        ImGui::GetIO().BackendPlatformName = "offscreen";
    }
    ~Offscreen() override {
        framebuffer_.reset();
        color_.reset();
        egl_.make_current(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        egl_.destroy_context(display_, context_);
        egl_.terminate(display_);
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
    void present() override { glFlush(); }
    Image read() override {
        glBindFramebuffer(GL_READ_FRAMEBUFFER, framebuffer_.name());
        return read_framebuffer(width_, height_);
    }
    bool minimised() const override { return minimised_; }
    void minimise(bool on) override {
        minimised_ = on;
        active_ = true;
    }
    void resize(int width, int height) override {
        width_ = std::clamp(width, 16, 16384);
        height_ = std::clamp(height, 16, 16384);
        color_ = gl::make_texture(GL_RGBA8, width_, height_);
        if (!framebuffer_) framebuffer_ = gl::Framebuffer::make();
        glNamedFramebufferTexture(framebuffer_.name(), GL_COLOR_ATTACHMENT0, color_.name(), 0);
        active_ = true;
    }

  protected:
    void bind() override {
        glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_.name());
        glViewport(0, 0, width_, height_);
    }

  private:
    Egl egl_;
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
    bool awake_ = false, minimised_ = false;
};

// A current OpenGL 4.5 core context without a surface; null when this display has none.
EGLContext make_context(const Egl& egl, EGLDisplay display) {
    if (display == EGL_NO_DISPLAY || !egl.initialize(display, nullptr, nullptr)) return EGL_NO_CONTEXT;
    constexpr std::array<EGLint, 5> wanted = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE, 0, EGL_NONE};
    EGLConfig config{};
    EGLint count = 0;
    constexpr std::array<EGLint, 7> version = {
        EGL_CONTEXT_MAJOR_VERSION,           4,       EGL_CONTEXT_MINOR_VERSION, 5, EGL_CONTEXT_OPENGL_PROFILE_MASK,
        EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    if (egl.bind_api(EGL_OPENGL_API) && egl.choose_config(display, wanted.data(), &config, 1, &count) && count > 0)
        if (EGLContext context = egl.create_context(display, config, EGL_NO_CONTEXT, version.data());
            context != EGL_NO_CONTEXT) {
            if (egl.make_current(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) return context;
            egl.destroy_context(display, context);
        }
    egl.terminate(display);
    return EGL_NO_CONTEXT;
}

}  // namespace

Result<std::unique_ptr<Surface>> open_offscreen(const SurfaceOptions& options) {
    const auto fail = [](const std::string& why) {
        return Error{ErrorCode::device,
                     "This machine has no OpenGL 4.5 without a display; install Mesa's software renderer "
                     "(libgl1-mesa-dri, libegl1).",
                     why};
    };
    Egl egl;
    if (!egl.load()) return fail("libEGL could not be loaded");
    if (!egl.get_platform_display) return fail("libEGL is too old");
    const auto use = [&](EGLDisplay display, const std::string& platform) -> std::unique_ptr<Surface> {
        const EGLContext context = make_context(egl, display);
        if (context == EGL_NO_CONTEXT) return nullptr;
        if (!gladLoadGL(GLADloadfunc(egl.get_address))) return nullptr;
        return std::make_unique<Offscreen>(egl, display, context, platform, options);
    };
    if (egl.query_devices) {
        std::array<EGLDeviceEXT, 16> devices{};
        EGLint count = 0;
        if (egl.query_devices(EGLint(devices.size()), devices.data(), &count))
            for (EGLint i = 0; i < count; ++i)
                if (auto surface =
                        use(egl.get_platform_display(EGL_PLATFORM_DEVICE_EXT, devices[std::size_t(i)], nullptr),
                            "EGL device"))
                    return surface;
    }
    if (auto surface = use(egl.get_platform_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr),
                           "EGL surfaceless"))
        return surface;
    return fail("no EGL platform gave a context");
}

}  // namespace likeness
