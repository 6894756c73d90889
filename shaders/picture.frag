#version 450 core
// A picture into a rectangle of the view; straight or premultiplied alpha.
in vec2 place;
out vec4 color;
uniform vec4 rectangle;    // left, top, width, height; pixels from the upper left
uniform vec2 size;         // of the view, pixels
uniform vec2 filled;       // the part of the texture that holds the picture
uniform int premultiplied;
uniform vec2 shown;        // from..to, pixels from the left
layout(binding = 0) uniform sampler2D picture;

void main() {
    vec2 pixel = vec2(place.x, 1.0 - place.y) * size;
    vec2 at = (pixel - rectangle.xy) / rectangle.zw;
    if (any(lessThan(at, vec2(0.0))) || any(greaterThan(at, vec2(1.0))) || pixel.x < shown.x || pixel.x >= shown.y) discard;
    // Half a texel from the border at most: beyond it lies what an earlier, larger picture left.
    vec2 texel = 0.5 / vec2(textureSize(picture, 0));
    vec4 c = texture(picture, clamp(at * filled, texel, filled - texel));
    color = premultiplied == 1 ? c : vec4(c.rgb * c.a, c.a);
}
