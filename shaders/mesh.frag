#version 450 core
in vec3 world;
in vec3 normal;
in vec3 corner;
out vec4 color;
uniform int wires;           // 0: shaded surface, 1: its edges alone
uniform vec3 eye;
uniform mat4 world_to_camera;
uniform float line;          // pixels
uniform vec4 ink;

void main() {
    if (wires == 1) {
        vec3 pixels = corner / max(fwidth(corner), vec3(1e-6));
        float edge = 1.0 - smoothstep(line - 0.5, line + 0.5, min(min(pixels.x, pixels.y), pixels.z));
        // Where triangles are but a few pixels wide, edges would become a solid color.
        vec3 width = 1.0 / max(fwidth(corner), vec3(1e-6));
        edge *= mix(0.4, 1.0, smoothstep(2.0, 10.0, min(min(width.x, width.y), width.z)));
        if (edge <= 0.01) discard;
        color = vec4(ink.rgb * ink.a * edge, ink.a * edge);
        return;
    }
    vec3 n = normalize(gl_FrontFacing ? normal : -normal);
    vec3 seen = mat3(world_to_camera) * n;  // x right, y down, z away
    vec3 view = normalize(eye - world);
    float key = max(dot(seen, normalize(vec3(-0.5, -0.65, -0.6))), 0.0);
    float fill = max(dot(seen, normalize(vec3(0.8, -0.1, -0.5))), 0.0);
    float rim = pow(1.0 - max(dot(n, view), 0.0), 3.0);
    vec3 clay = vec3(0.72, 0.69, 0.66);
    vec3 light = vec3(0.20, 0.21, 0.23) * (0.75 - 0.25 * seen.y) + key * vec3(0.72, 0.69, 0.65) + fill * vec3(0.20, 0.23, 0.28);
    vec3 shade = clay * light + rim * vec3(0.16, 0.18, 0.22);
    float gloss = pow(max(dot(reflect(-normalize(vec3(-0.5, -0.65, -0.6)), seen), vec3(0.0, 0.0, 1.0)) * -1.0, 0.0), 24.0);
    color = vec4(pow(shade + 0.06 * gloss, vec3(1.0 / 2.2)), 1.0);
}
