#version 450 core
// Vertices are fetched by index, so that each corner of a triangle knows which one it is.
layout(std430, binding = 0) readonly buffer VertexData { float vertices[]; };  // position, normal
layout(std430, binding = 1) readonly buffer TriangleData { int corners[]; };
uniform mat4 world_to_clip;
out vec3 world;
out vec3 normal;
out vec3 corner;

void main() {
    int v = corners[gl_VertexID] * 6;
    world = vec3(vertices[v], vertices[v + 1], vertices[v + 2]);
    normal = vec3(vertices[v + 3], vertices[v + 4], vertices[v + 5]);
    corner = vec3(0.0);
    corner[gl_VertexID % 3] = 1.0;
    gl_Position = world_to_clip * vec4(world, 1.0);
}
