#include "render/viewport.h"

#include <algorithm>

#include "core/image/ops.h"
#include "core/view/glm.h"
#include "embedded/background.frag.h"
#include "embedded/grid.frag.h"
#include "embedded/mesh.frag.h"
#include "embedded/mesh.vert.h"
#include "embedded/picture.frag.h"
#include "embedded/screen.vert.h"
#include "render/surface.h"

namespace likeness {

Viewport::Viewport()
    : background_("background", embedded::screen_vert, embedded::background_frag),
      picture_("picture", embedded::screen_vert, embedded::picture_frag),
      mesh_("mesh", embedded::mesh_vert, embedded::mesh_frag),
      grid_("grid", embedded::screen_vert, embedded::grid_frag),
      empty_(gl::VertexArray::make()),
      framebuffer_(gl::Framebuffer::make()),
      vertices_(gl::Buffer::make()),
      triangles_(gl::Buffer::make()) {}

void Viewport::resize(int width, int height) {
    if (width == width_ && height == height_) return;
    width_ = std::max(width, 1);
    height_ = std::max(height, 1);
    color_ = gl::make_texture(GL_RGBA8, width_, height_);
    depth_ = gl::make_texture(GL_DEPTH_COMPONENT24, width_, height_);
    glNamedFramebufferTexture(framebuffer_.name(), GL_COLOR_ATTACHMENT0, color_.name(), 0);
    glNamedFramebufferTexture(framebuffer_.name(), GL_DEPTH_ATTACHMENT, depth_.name(), 0);
}

void Viewport::use_picture(Picture& picture, const std::shared_ptr<const Image>& image) {
    if (picture.image == image) return;
    picture.image = image;
    picture.texture.reset();
    if (!image || image->empty()) return;
    picture.texture = gl::make_texture(GL_RGBA8, image->width, image->height);
    const std::vector<std::uint8_t> bytes = to_u8(*image);
    constexpr GLenum formats[] = {GL_RED, GL_RG, GL_RGB, GL_RGBA};
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glTextureSubImage2D(picture.texture.name(), 0, 0, 0, image->width, image->height, formats[image->channels - 1],
                        GL_UNSIGNED_BYTE, bytes.data());
    glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
}

void Viewport::draw(int width, int height, const ViewportLook& look, const FrameRenderer& frames,
                    const std::shared_ptr<const Triangles>& triangles) {
    resize(width, height);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_.name());
    glViewport(0, 0, width_, height_);
    glDisable(GL_SCISSOR_TEST);
    glDisable(GL_DEPTH_TEST);
    glDisable(GL_CULL_FACE);
    glDisable(GL_BLEND);
    glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
    glBindVertexArray(empty_.name());
    if (look.mesh == MeshDrawing::none) uploaded_surface_ = nullptr;  // it keeps its avatar, which may be an old one
    if (look.transparent) {
        glClearColor(0, 0, 0, 0);
        glClear(GL_COLOR_BUFFER_BIT);
    } else {
        draw_background(look);
    }
    glEnable(GL_BLEND);
    glBlendEquation(GL_FUNC_ADD);
    glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);

    // Beside the photograph, the avatar's view has what is left of the width.
    const int left = look.photo_beside ? int(look.photo_until) : 0;
    if (look.photo && look.photo_until > 0) {
        glEnable(GL_SCISSOR_TEST);
        glScissor(int(look.photo_until), 0, std::max(width_ - int(look.photo_until), 0), height_);
    }
    if (const auto& shown = frames.shown()) {
        glViewport(left, 0, std::max(width_ - left, 1), height_);
        if (look.grid) draw_grid(look, shown->camera);
        if (look.mesh == MeshDrawing::shaded) draw_mesh(look, shown->camera, shown->surface, triangles);
        glViewport(0, 0, width_, height_);
        const FrameStore& store = frames.store();
        if (const GLuint texture = look.frame && shown->width > 0 ? store.texture() : 0) {
            const glm::vec2 filled(float(shown->width) / float(store.texture_width()),
                                   float(shown->height) / float(store.texture_height()));
            // The frame may have been rendered for another size: its middle and its height stay.
            const float grow = float(height_) / float(std::max(shown->camera.height, 1));
            const float shown_width = float(shown->camera.width) * grow, room = float(width_ - left);
            const PixelRectangle place{float(left) + 0.5f * (room - shown_width), 0, shown_width, float(height_)};
            draw_rectangle(texture, place, filled, true, float(left), float(width_));
        }
        glViewport(left, 0, std::max(width_ - left, 1), height_);
        if (look.mesh == MeshDrawing::wires) draw_mesh(look, shown->camera, shown->surface, triangles);
        glViewport(0, 0, width_, height_);
    }
    if (look.photo && look.photo_until > 0) {
        glDisable(GL_SCISSOR_TEST);
        use_picture(photo_, look.photo);
        if (photo_.texture)
            draw_rectangle(photo_.texture.name(), look.photo_rectangle, {1, 1}, false, 0, look.photo_until);
    }
    glDisable(GL_SCISSOR_TEST);
    glBindVertexArray(0);
    glUseProgram(0);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
}

void Viewport::draw_background(const ViewportLook& look) {
    int kind = look.background == BackgroundFill::checker ? 1 : 0;
    if (look.background == BackgroundFill::picture && look.background_picture) {
        use_picture(background_picture_, look.background_picture);
        kind = background_picture_.texture ? 2 : 0;
    }
    background_.use();
    background_.set("kind", kind);
    background_.set("base", glm::make_vec3(look.color.data()));
    background_.set("size", glm::vec2(float(width_), float(height_)));
    background_.set("cell", 12.0f * look.line);
    if (kind == 2) {
        background_.set("picture_size",
                        glm::vec2(float(look.background_picture->width), float(look.background_picture->height)));
        glBindTextureUnit(0, background_picture_.texture.name());
    }
    glDrawArrays(GL_TRIANGLES, 0, 3);
}

void Viewport::draw_grid(const ViewportLook& look, const Camera& camera) {
    grid_.use();
    grid_.set("clip_to_world", glm::inverse(world_to_clip(camera)));
    grid_.set("eye", to_glm(camera.position()));
    grid_.set("floor_y", look.floor_y);
    grid_.set("ink", glm::make_vec3(look.ink.data()));
    glDrawArrays(GL_TRIANGLES, 0, 3);
}

void Viewport::draw_rectangle(GLuint texture, const PixelRectangle& place, const glm::vec2& filled, bool premultiplied,
                              float from, float to) {
    picture_.use();
    picture_.set("rectangle", glm::vec4(place.x, place.y, place.width, place.height));
    picture_.set("size", glm::vec2(float(width_), float(height_)));
    picture_.set("filled", filled);
    picture_.set("premultiplied", premultiplied ? 1 : 0);
    picture_.set("shown", glm::vec2(from, to));
    glBindTextureUnit(0, texture);
    glDrawArrays(GL_TRIANGLES, 0, 3);
}

void Viewport::draw_mesh(const ViewportLook& look, const Camera& camera,
                         const std::shared_ptr<const SceneSurface>& surface,
                         const std::shared_ptr<const Triangles>& triangles) {
    if (!surface || !triangles || triangles->empty()) return;
    if (uploaded_surface_ != surface) {
        uploaded_surface_ = surface;
        const PosedSurface& posed = *surface->get();
        Eigen::Matrix<float, 6, Eigen::Dynamic> data(6, posed.vertices.cols());
        data.topRows<3>() = posed.vertices;
        data.bottomRows<3>() = posed.normals;
        glNamedBufferData(vertices_.name(), GLsizeiptr(data.size()) * GLsizeiptr(sizeof(float)), data.data(),
                          GL_STREAM_DRAW);
    }
    if (uploaded_triangles_ != triangles) {
        uploaded_triangles_ = triangles;
        glNamedBufferData(triangles_.name(), GLsizeiptr(triangles->size() * sizeof(Eigen::Vector3i)), triangles->data(),
                          GL_STATIC_DRAW);
    }
    mesh_.use();
    mesh_.set("world_to_clip", world_to_clip(camera));
    mesh_.set("world_to_camera", to_glm(camera.world_to_camera));
    mesh_.set("eye", to_glm(camera.position()));
    mesh_.set("line", 0.55f * look.line);
    mesh_.set("ink", glm::make_vec4(look.wire_ink.data()));
    glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 0, vertices_.name());
    glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 1, triangles_.name());
    const auto count = GLsizei(triangles->size() * 3);
    glClear(GL_DEPTH_BUFFER_BIT);
    glEnable(GL_DEPTH_TEST);
    glDepthFunc(GL_LEQUAL);
    if (look.mesh == MeshDrawing::wires) {
        // First what hides other edges, a little further away; then the edges in front of it.
        glColorMask(GL_FALSE, GL_FALSE, GL_FALSE, GL_FALSE);
        glEnable(GL_POLYGON_OFFSET_FILL);
        glPolygonOffset(1.0f, 1.0f);
        mesh_.set("wires", 0);
        glDrawArrays(GL_TRIANGLES, 0, count);
        glDisable(GL_POLYGON_OFFSET_FILL);
        glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
        glDepthMask(GL_FALSE);
        mesh_.set("wires", 1);
        glDrawArrays(GL_TRIANGLES, 0, count);
        glDepthMask(GL_TRUE);
    } else {
        mesh_.set("wires", 0);
        glDrawArrays(GL_TRIANGLES, 0, count);
    }
    glDisable(GL_DEPTH_TEST);
}

Image Viewport::read() const {
    glBindFramebuffer(GL_READ_FRAMEBUFFER, framebuffer_.name());
    Image image = read_framebuffer(width_, height_);
    glBindFramebuffer(GL_READ_FRAMEBUFFER, 0);
    return image;
}

}  // namespace likeness
