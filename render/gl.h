// OpenGL objects that free themselves, and programs from source. A context must be current wherever they live.
#pragma once

#include <glad/gl.h>

#include <array>
#include <glm/mat4x4.hpp>
#include <glm/vec2.hpp>
#include <glm/vec3.hpp>
#include <glm/vec4.hpp>
#include <string>
#include <utility>

namespace likeness::gl {

// A name that belongs to one owner; Create and Destroy are static functions of Traits.
template <class Traits>
class Object {
  public:
    Object() = default;
    static Object make() {
        Object object;
        object.name_ = Traits::create();
        return object;
    }
    ~Object() { reset(); }
    Object(Object&& other) noexcept : name_(std::exchange(other.name_, 0)) {}
    Object& operator=(Object&& other) noexcept {
        std::swap(name_, other.name_);
        return *this;
    }
    void reset() {
        if (name_) Traits::destroy(std::exchange(name_, 0));
    }
    GLuint name() const { return name_; }
    explicit operator bool() const { return name_ != 0; }

  private:
    GLuint name_ = 0;
};

struct TextureTraits {
    static GLuint create() {
        GLuint name = 0;
        glCreateTextures(GL_TEXTURE_2D, 1, &name);
        return name;
    }
    static void destroy(GLuint name) { glDeleteTextures(1, &name); }
};
struct BufferTraits {
    static GLuint create() {
        GLuint name = 0;
        glCreateBuffers(1, &name);
        return name;
    }
    static void destroy(GLuint name) { glDeleteBuffers(1, &name); }
};
struct VertexArrayTraits {
    static GLuint create() {
        GLuint name = 0;
        glCreateVertexArrays(1, &name);
        return name;
    }
    static void destroy(GLuint name) { glDeleteVertexArrays(1, &name); }
};
struct FramebufferTraits {
    static GLuint create() {
        GLuint name = 0;
        glCreateFramebuffers(1, &name);
        return name;
    }
    static void destroy(GLuint name) { glDeleteFramebuffers(1, &name); }
};
struct ProgramTraits {
    static GLuint create() { return glCreateProgram(); }
    static void destroy(GLuint name) { glDeleteProgram(name); }
};
using Texture = Object<TextureTraits>;
using Buffer = Object<BufferTraits>;
using VertexArray = Object<VertexArrayTraits>;
using Framebuffer = Object<FramebufferTraits>;

// Vertex and fragment shader from GLSL; throws std::runtime_error with the compiler's words.
class Program {
  public:
    Program() = default;
    Program(const char* name, const char* vertex, const char* fragment);
    void use() const { glUseProgram(program_.name()); }
    void set(const char* uniform, int value) const;
    void set(const char* uniform, float value) const;
    void set(const char* uniform, const glm::vec2& value) const;
    void set(const char* uniform, const glm::vec3& value) const;
    void set(const char* uniform, const glm::vec4& value) const;
    void set(const char* uniform, const glm::mat4& value) const;

  private:
    GLint place(const char* uniform) const { return glGetUniformLocation(program_.name(), uniform); }
    Object<ProgramTraits> program_;
};

// A color texture of that size, linear filter, clamped; storage is made anew.
Texture make_texture(GLenum format, int width, int height);

}  // namespace likeness::gl
