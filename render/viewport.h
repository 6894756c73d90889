// The picture in the viewport: background, floor, the avatar's newest frame, its mesh, the photograph beside or over
// it. Drawn into a texture of its own, in the camera of the frame it shows, so that everything moves together.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "core/geometry/mesh.h"
#include "core/image/image.h"
#include "render/frame_renderer.h"
#include "render/gl.h"

namespace likeness {

enum class BackgroundFill { color, checker, picture };
enum class MeshDrawing { none, shaded, wires };

// A rectangle in pixels of the viewport, from the upper left.
struct PixelRectangle {
    float x = 0, y = 0, width = 0, height = 0;
};

struct ViewportLook {
    BackgroundFill background = BackgroundFill::color;
    std::array<float, 3> color = {0.2f, 0.2f, 0.2f};
    std::shared_ptr<const Image> background_picture;
    bool transparent = false;  // no background at all
    bool grid = false;
    float floor_y = 0;                              // metres
    std::array<float, 3> ink = {0.6f, 0.6f, 0.6f};  // of the grid
    MeshDrawing mesh = MeshDrawing::none;
    std::array<float, 4> wire_ink = {0.45f, 0.80f, 0.92f, 0.62f};
    bool frame = true;  // the avatar's own picture

    // The photograph: from the left edge to `photo_until`, placed at `photo_rectangle`.
    std::shared_ptr<const Image> photo;
    PixelRectangle photo_rectangle;
    float photo_until = 0;      // pixels; 0: not at all
    bool photo_beside = false;  // the avatar's view begins at photo_until, else it lies under the photograph
    float line = 1;             // pixels of thin lines
};

class Viewport {
  public:
    Viewport();
    // Draws; the texture has the size given (its first row is the lowest).
    void draw(int width, int height, const ViewportLook& look, const FrameRenderer& frames,
              const std::shared_ptr<const Triangles>& triangles);
    GLuint texture() const { return color_.name(); }
    int width() const { return width_; }
    int height() const { return height_; }
    // Makes the texture that size; what it shows is undefined until draw().
    void resize(int width, int height);
    Image read() const;

  private:
    struct Picture {
        std::shared_ptr<const Image> image;
        gl::Texture texture;
    };
    void use_picture(Picture& picture, const std::shared_ptr<const Image>& image);
    void draw_background(const ViewportLook& look);
    void draw_grid(const ViewportLook& look, const Camera& camera);
    void draw_rectangle(GLuint texture, const PixelRectangle& place, const glm::vec2& filled, bool premultiplied,
                        float from, float to);
    void draw_mesh(const ViewportLook& look, const Camera& camera, const std::shared_ptr<const SceneSurface>& surface,
                   const std::shared_ptr<const Triangles>& triangles);

    gl::Program background_, picture_, mesh_, grid_;
    gl::VertexArray empty_;
    gl::Framebuffer framebuffer_;
    gl::Texture color_, depth_;
    int width_ = 0, height_ = 0;
    Picture background_picture_, photo_;
    gl::Buffer vertices_, triangles_;
    std::shared_ptr<const SceneSurface> uploaded_surface_;
    std::shared_ptr<const Triangles> uploaded_triangles_;
};

}  // namespace likeness
