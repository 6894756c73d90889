// A window by GLFW.
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <glad/gl.h>
#include <imgui.h>
#include <imgui_impl_glfw.h>

#include <algorithm>

#include "render/pen_input.h"
#include "render/surface.h"

namespace likeness {
namespace {

std::string glfw_reason() {
    const char* words = nullptr;
    glfwGetError(&words);
    return words ? words : "no reason given";
}

// A window's upper left corner would be seen there: the monitor it was on may be gone.
bool on_a_monitor(int x, int y) {
    int count = 0;
    GLFWmonitor** monitors = glfwGetMonitors(&count);
    for (int i = 0; i < count; ++i) {
        int left = 0, top = 0, width = 0, height = 0;
        glfwGetMonitorWorkarea(monitors[i], &left, &top, &width, &height);
        if (x >= left && y >= top && x < left + width && y < top + height) return true;
    }
    return false;
}

class Window : public Surface {
  public:
    explicit Window(GLFWwindow* window, float scale) : window_(window), fixed_scale_(scale) {
        glfwSetWindowUserPointer(window_, this);
        // Dear ImGui chains the callbacks that are there when it is told of the window.
        glfwSetDropCallback(window_, [](GLFWwindow* w, int count, const char** paths) {
            self(w)->dropped_.assign(paths, paths + count);
            self(w)->active_ = true;
        });
        glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* w, int, int) { self(w)->active_ = true; });
        glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) { self(w)->active_ = true; });
        glfwSetCursorPosCallback(window_, [](GLFWwindow* w, double, double) { self(w)->active_ = true; });
        glfwSetMouseButtonCallback(window_, [](GLFWwindow* w, int, int, int) { self(w)->active_ = true; });
        glfwSetScrollCallback(window_, [](GLFWwindow* w, double, double) { self(w)->active_ = true; });
        glfwSetKeyCallback(window_, [](GLFWwindow* w, int, int, int, int) { self(w)->active_ = true; });
        glfwSetCharCallback(window_, [](GLFWwindow* w, unsigned) { self(w)->active_ = true; });
        glfwSetWindowFocusCallback(window_, [](GLFWwindow* w, int) { self(w)->active_ = true; });
        glfwSetCursorEnterCallback(window_, [](GLFWwindow* w, int) { self(w)->active_ = true; });
        glfwSetWindowCloseCallback(window_, [](GLFWwindow* w) { self(w)->active_ = true; });
        ImGui_ImplGlfw_InitForOpenGL(window_, true);
        glfwSwapInterval(1);
        description_ = "Window, " + describe_opengl();
    }
    ~Window() override {
        ImGui_ImplGlfw_Shutdown();
        glfwDestroyWindow(window_);
        glfwTerminate();
    }

    std::string description() const override { return description_; }
    int width() const override { return size().first; }
    int height() const override { return size().second; }
    float scale() const override {
        if (fixed_scale_ > 0) return fixed_scale_;
        float x = 1, y = 1;
        glfwGetWindowContentScale(window_, &x, &y);
        return std::clamp(std::max(x, y), 0.5f, 4.0f);
    }
    void wait(double seconds) override {
        if (seconds <= 0)
            glfwPollEvents();
        else
            glfwWaitEventsTimeout(seconds);
    }
    void wake() override { glfwPostEmptyEvent(); }
    void new_frame() override { ImGui_ImplGlfw_NewFrame(); }
    PenState pen() override { return pen_ ? pen_->poll() : PenState(); }
    void present() override { glfwSwapBuffers(window_); }
    Image read() override {
        glBindFramebuffer(GL_READ_FRAMEBUFFER, 0);
        return read_framebuffer(width(), height());
    }
    bool minimised() const override {
        return glfwGetWindowAttrib(window_, GLFW_ICONIFIED) != 0 || width() == 0 || height() == 0;
    }
    void minimise(bool on) override {
        if (on)
            glfwIconifyWindow(window_);
        else
            glfwRestoreWindow(window_);
    }
    bool close_requested() const override { return glfwWindowShouldClose(window_) != 0; }
    void refuse_close() override { glfwSetWindowShouldClose(window_, GLFW_FALSE); }
    void set_title(const std::string& title) override {
        if (title == title_) return;
        title_ = title;
        glfwSetWindowTitle(window_, title.c_str());
    }
    void resize(int width, int height) override { glfwSetWindowSize(window_, width, height); }
    void place(int& x, int& y, int& width, int& height, bool& maximised) const override {
        glfwGetWindowPos(window_, &x, &y);
        glfwGetWindowSize(window_, &width, &height);
        maximised = glfwGetWindowAttrib(window_, GLFW_MAXIMIZED) != 0;
    }

  protected:
    void bind() override {
        glBindFramebuffer(GL_FRAMEBUFFER, 0);
        glViewport(0, 0, width(), height());
    }

  private:
    static Window* self(GLFWwindow* window) { return static_cast<Window*>(glfwGetWindowUserPointer(window)); }
    std::pair<int, int> size() const {
        int w = 0, h = 0;
        glfwGetFramebufferSize(window_, &w, &h);
        return {w, h};
    }
    GLFWwindow* window_;
    float fixed_scale_;
    std::string title_, description_;
    std::unique_ptr<PenInput> pen_ = open_pen_input();
};

}  // namespace

Result<std::unique_ptr<Surface>> open_window(const SurfaceOptions& options) {
    const auto fail = [](const std::string& what, const std::string& why) {
        return Error{ErrorCode::device, what + "; 'likeness --headless --script FILE' works without a window.", why};
    };
    if (!glfwInit()) return fail("There is no display to open a window on", glfw_reason());
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 4);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 5);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
    glfwWindowHint(GLFW_MAXIMIZED, options.maximised ? GLFW_TRUE : GLFW_FALSE);
    glfwWindowHintString(GLFW_X11_CLASS_NAME, "likeness");  // what desktops group windows and find icons by
    glfwWindowHintString(GLFW_X11_INSTANCE_NAME, "likeness");
    glfwWindowHint(GLFW_DEPTH_BITS, 0);
    glfwWindowHint(GLFW_STENCIL_BITS, 0);
    GLFWwindow* window = glfwCreateWindow(std::max(options.width, 320), std::max(options.height, 240),
                                          options.title.c_str(), nullptr, nullptr);
    if (!window) {
        const std::string why = glfw_reason();
        glfwTerminate();
        return fail("This display has no OpenGL 4.5, which the studio needs", why);
    }
    glfwSetWindowSizeLimits(window, 640, 400, GLFW_DONT_CARE, GLFW_DONT_CARE);
    const bool anywhere = options.x == -1 && options.y == -1;
    if (!options.maximised && !anywhere && on_a_monitor(options.x, options.y))
        glfwSetWindowPos(window, options.x, options.y);
    glfwMakeContextCurrent(window);
    if (!gladLoadGL(glfwGetProcAddress)) {
        glfwDestroyWindow(window);
        glfwTerminate();
        return fail("The OpenGL driver gave no functions", "");
    }
    return std::unique_ptr<Surface>(new Window(window, options.scale));
}

}  // namespace likeness
