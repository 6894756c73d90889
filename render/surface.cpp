#include "render/surface.h"

#include <glad/gl.h>

namespace likeness {

void Surface::place(int& x, int& y, int& width_out, int& height_out, bool& maximised) const {
    x = y = -1;
    width_out = width();
    height_out = height();
    maximised = false;
}

void Surface::begin(const std::array<float, 3>& color) {
    bind();
    glDisable(GL_SCISSOR_TEST);
    glClearColor(color[0], color[1], color[2], 1);
    glClear(GL_COLOR_BUFFER_BIT);
}

std::string describe_opengl() {
    const auto text = [](GLenum what) {
        const auto* words = reinterpret_cast<const char*>(glGetString(what));
        return std::string(words ? words : "unknown");
    };
    GLint major = 0, minor = 0;
    glGetIntegerv(GL_MAJOR_VERSION, &major);
    glGetIntegerv(GL_MINOR_VERSION, &minor);
    return text(GL_RENDERER) + ", OpenGL " + std::to_string(major) + "." + std::to_string(minor);
}

Image read_framebuffer(int width, int height) {
    std::vector<std::uint8_t> bytes(std::size_t(width) * std::size_t(height) * 4);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    // Mesa's software renderer does not always wait for what its own threads still draw.
    glFinish();
    glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, bytes.data());
    Image image(width, height, 4);
    for (int y = 0; y < height; ++y) {
        const std::uint8_t* from = bytes.data() + std::size_t(height - 1 - y) * std::size_t(width) * 4;
        float* to = image.at(0, y);
        for (int i = 0; i < width * 4; ++i) to[i] = float(from[i]) / 255.0f;
    }
    return image;
}

}  // namespace likeness
