#version 450 core
// A floor of 5 cm squares, found by cutting each pixel's ray with the plane.
in vec2 place;
out vec4 color;
uniform mat4 clip_to_world;
uniform vec3 eye;
uniform float floor_y;
uniform vec3 ink;

float lines(vec2 at, float every, float width) {
    vec2 cell = at / every;
    vec2 away = abs(fract(cell - 0.5) - 0.5) / max(fwidth(cell), vec2(1e-6));
    return 1.0 - smoothstep(width - 0.5, width + 0.5, min(away.x, away.y));
}

void main() {
    vec4 far = clip_to_world * vec4(place * 2.0 - 1.0, 1.0, 1.0);
    vec3 ray = far.xyz / far.w - eye;
    float along = (floor_y - eye.y) / ray.y;
    vec2 at = (eye + along * ray).xz;
    if (along <= 0.0) discard;
    float fade = exp(-3.5 * dot(at, at));
    float strength = max(0.35 * lines(at, 0.05, 0.6), 0.8 * lines(at, 0.25, 0.8)) * fade;
    vec2 axis = abs(at) / max(fwidth(at), vec2(1e-6));
    vec3 tint = ink;
    if (axis.y < 1.2) { tint = vec3(0.75, 0.28, 0.30); strength = max(strength, 0.8 * fade); }
    if (axis.x < 1.2) { tint = vec3(0.28, 0.48, 0.80); strength = max(strength, 0.8 * fade); }
    if (strength < 0.01) discard;
    color = vec4(tint * strength, strength);
}
