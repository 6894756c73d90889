#include "render/gl.h"

#include <glm/gtc/type_ptr.hpp>
#include <stdexcept>

namespace likeness::gl {
namespace {

GLuint compile(const char* name, GLenum kind, const char* source) {
    const GLuint shader = glCreateShader(kind);
    glShaderSource(shader, 1, &source, nullptr);
    glCompileShader(shader);
    GLint good = 0;
    glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
    if (good) return shader;
    std::array<char, 2048> words{};
    glGetShaderInfoLog(shader, GLsizei(words.size()), nullptr, words.data());
    glDeleteShader(shader);
    throw std::runtime_error(std::string("shader '") + name + "': " + words.data());
}

}  // namespace

Program::Program(const char* name, const char* vertex, const char* fragment) : program_(Object<ProgramTraits>::make()) {
    const GLuint v = compile(name, GL_VERTEX_SHADER, vertex), f = compile(name, GL_FRAGMENT_SHADER, fragment);
    glAttachShader(program_.name(), v);
    glAttachShader(program_.name(), f);
    glLinkProgram(program_.name());
    glDeleteShader(v);
    glDeleteShader(f);
    GLint good = 0;
    glGetProgramiv(program_.name(), GL_LINK_STATUS, &good);
    if (good) return;
    std::array<char, 2048> words{};
    glGetProgramInfoLog(program_.name(), GLsizei(words.size()), nullptr, words.data());
    throw std::runtime_error(std::string("shader '") + name + "': " + words.data());
}

void Program::set(const char* uniform, int value) const { glProgramUniform1i(program_.name(), place(uniform), value); }
void Program::set(const char* uniform, float value) const {
    glProgramUniform1f(program_.name(), place(uniform), value);
}
void Program::set(const char* uniform, const glm::vec2& value) const {
    glProgramUniform2fv(program_.name(), place(uniform), 1, glm::value_ptr(value));
}
void Program::set(const char* uniform, const glm::vec3& value) const {
    glProgramUniform3fv(program_.name(), place(uniform), 1, glm::value_ptr(value));
}
void Program::set(const char* uniform, const glm::vec4& value) const {
    glProgramUniform4fv(program_.name(), place(uniform), 1, glm::value_ptr(value));
}
void Program::set(const char* uniform, const glm::mat4& value) const {
    glProgramUniformMatrix4fv(program_.name(), place(uniform), 1, GL_FALSE, glm::value_ptr(value));
}

Texture make_texture(GLenum format, int width, int height) {
    Texture texture = Texture::make();
    glTextureStorage2D(texture.name(), 1, format, width, height);
    glTextureParameteri(texture.name(), GL_TEXTURE_MIN_FILTER, GL_LINEAR);
    glTextureParameteri(texture.name(), GL_TEXTURE_MAG_FILTER, GL_LINEAR);
    glTextureParameteri(texture.name(), GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTextureParameteri(texture.name(), GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    return texture;
}

}  // namespace likeness::gl
