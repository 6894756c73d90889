#version 450 core
in vec2 place;
out vec4 color;
uniform int kind;       // 0 color, 1 checker, 2 picture
uniform vec3 base;
uniform vec2 size;      // pixels
uniform vec2 picture_size;
uniform float cell;     // of the checker, pixels
layout(binding = 0) uniform sampler2D picture;

void main() {
    if (kind == 1) {
        ivec2 at = ivec2(floor(vec2(place.x, 1.0 - place.y) * size / cell));
        color = vec4(vec3(((at.x + at.y) & 1) == 0 ? 0.42 : 0.34), 1.0);
    } else if (kind == 2) {
        // The picture covers the view; what sticks out is cut off.
        float grow = max(size.x / picture_size.x, size.y / picture_size.y);
        vec2 shown = picture_size * grow / size;
        vec2 at = (place - 0.5) / shown + 0.5;
        color = vec4(texture(picture, vec2(at.x, 1.0 - at.y)).rgb, 1.0);
    } else {
        // A little lighter behind the head, as in a photographer's studio; the noise hides the steps of 8 bits.
        vec2 off = (place - vec2(0.5, 0.55)) * vec2(size.x / size.y, 1.0);
        float light = exp(-2.2 * dot(off, off));
        float noise = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
        float bright = dot(base, vec3(0.3, 0.6, 0.1));  // bright grounds need less of it
        vec3 shade = mix(base * mix(0.78, 0.94, bright), min(base * mix(1.25, 1.04, bright) + 0.01, vec3(1.0)), light);
        color = vec4(shade + noise / 255.0, 1.0);
    }
}
