"""The programs of the picture maker (GLSL 3.30). Light is linear; `FINISH` makes it a picture."""

LIGHT = """
uniform vec3 lens;
uniform vec3 key_way; uniform vec3 key_light;
uniform vec3 fill_way; uniform vec3 fill_light;
uniform vec3 sky; uniform vec3 ground;
uniform sampler2DShadow shadow; uniform mat4 to_shadow;
uniform float exposure;

vec3 finish(vec3 light) {
    // A shoulder instead of clipping, then sRGB.
    vec3 x = light * exposure;
    x = mix(x, 1.0 - exp(-(x - 0.6) / 0.4) * 0.4, step(0.6, x));
    return mix(12.92 * x, 1.055 * pow(max(x, 0.0), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, x));
}

float lit(vec3 place, vec3 normal) {
    vec4 at = to_shadow * vec4(place + 0.004 * normal, 1.0);
    vec3 uv = at.xyz * 0.5 + 0.5;
    uv.z -= 0.0025;
    vec2 step = vec2(1.2, 1.2) / 1024.0;
    return 0.25 * (texture(shadow, uv + vec3(step * vec2(-0.4, -1.0), 0.0))
                 + texture(shadow, uv + vec3(step * vec2(1.0, -0.4), 0.0))
                 + texture(shadow, uv + vec3(step * vec2(0.4, 1.0), 0.0))
                 + texture(shadow, uv + vec3(step * vec2(-1.0, 0.4), 0.0)));
}
vec3 around(vec3 normal) { return mix(ground, sky, 0.5 + 0.5 * normal.y); }
float ggx(float nh, float rough) {
    float a = rough * rough; a *= a;
    float d = nh * nh * (a - 1.0) + 1.0;
    return a / (3.14159 * d * d);
}
float gloss(vec3 n, vec3 v, vec3 l, float rough, float f0) {
    vec3 h = normalize(v + l);
    float f = f0 + (1.0 - f0) * pow(1.0 - max(dot(v, h), 0.0), 5.0);
    float k = 0.5 * rough * rough;
    float nl = max(dot(n, l), 0.0), nv = max(dot(n, v), 0.05);
    float g = 1.0 / ((nl * (1.0 - k) + k) * (nv * (1.0 - k) + k));
    return ggx(max(dot(n, h), 0.0), rough) * f * g * 0.25 * nl;
}
"""

THING_VERTEX = """
#version 330
in vec3 point; in vec3 normal; in vec2 uv;
uniform mat4 to_picture;
out vec3 place; out vec3 way; out vec2 at;
void main() { place = point; way = normal; at = uv; gl_Position = to_picture * vec4(point, 1.0); }
"""

THING_FRAGMENT = (
    """
#version 330
in vec3 place; in vec3 way; in vec2 at;
uniform sampler2D skin; uniform vec3 colour; uniform int kind; uniform float cut;
uniform float cover;
out vec4 seen;
"""
    + LIGHT
    + """
void main() {
    vec4 own = texture(skin, at);
    vec3 albedo = pow(own.rgb, vec3(2.2)) * colour;
    float alpha = kind == 0 ? 1.0 : own.a;
    if (alpha < cut) discard;
    vec3 n = normalize(way), v = normalize(lens - place);
    if (kind == 1 || kind == 2) { if (dot(n, v) < 0.0) n = -n; }
    float shade = lit(place, n);
    float nl = dot(n, key_way), nf = dot(n, fill_way);
    vec3 diffuse, shine = vec3(0.0);
    if (kind == 0) {
        // Skin lets light in: red reaches further round the edge than blue (wrapped diffuse).
        vec3 wrap = vec3(0.35, 0.18, 0.12);
        vec3 key = max((vec3(nl) + wrap) / (1.0 + wrap), 0.0);
        vec3 soft = mix(vec3(shade), pow(vec3(shade), vec3(0.6, 0.9, 1.0)), 0.7);
        diffuse = key_light * key * soft
                + fill_light * max((vec3(nf) + wrap) / (1.0 + wrap), 0.0) + around(n);
        shine = key_light * shade * gloss(n, v, key_way, 0.48, 0.028)
              + fill_light * gloss(n, v, fill_way, 0.5, 0.028);
    } else if (kind == 2) {
        // Hair: light from all round, little shape of the strips it is modelled from.
        vec3 up = normalize(n + vec3(0.0, 0.5, 0.3));
        float k = 0.35 + 0.65 * max(dot(up, key_way), 0.0);
        diffuse = key_light * k * mix(0.35, 1.0, shade) * 0.8
                + fill_light * (0.3 + 0.5 * max(nf, 0.0)) + around(up);
    } else {
        diffuse = key_light * max(nl, 0.0) * shade + fill_light * max(nf, 0.0) + around(n);
        if (kind == 3) shine = key_light * shade * gloss(n, v, key_way, 0.25, 0.04)
                             + fill_light * gloss(n, v, fill_way, 0.25, 0.04);
    }
    seen = vec4(finish(albedo * diffuse + shine), kind == 0 ? 1.0 : alpha * cover);
}
"""
)

EYE_FRAGMENT = (
    """
#version 330
in vec3 place; in vec3 way; in vec2 at;
uniform sampler2D iris; uniform vec3 iris_colour;
uniform mat3 eye; uniform vec3 eye_centre; uniform mat3 head; uniform float lid;
uniform float nose_side;
uniform float limbus; uniform float cornea_front; uniform float iris_depth; uniform float pupil;
uniform float opaque; uniform float texture_limbus; uniform vec2 texture_centre;
uniform float texture_pupil;
out vec4 seen;
"""
    + LIGHT
    + """
void main() {
    vec3 n = normalize(way), v = normalize(lens - place);
    vec3 local = transpose(eye) * (place - eye_centre);
    vec3 inward = refract(-(transpose(eye) * v), transpose(eye) * n, 1.0 / 1.336);
    float out_m = length(local.xy);
    // White of the eye: greyer and pinker towards the corners.
    float side = smoothstep(0.4, 1.05, out_m / 0.012);
    vec3 white = mix(vec3(0.54, 0.50, 0.47), vec3(0.44, 0.33, 0.30), side);
    // Behind the cornea the light is bent; the iris is where the bent ray meets its plane.
    vec3 hit = local + inward * ((cornea_front - iris_depth - local.z) / min(inward.z, -0.2));
    float r = length(hit.xy) / limbus;
    float grown = r < pupil ? r / pupil * texture_pupil
                            : texture_pupil + (r - pupil) / (1.0 - pupil) * (1.0 - texture_pupil);
    vec2 uv = texture_centre + hit.xy / max(length(hit.xy), 1e-6) * min(grown, 1.0)
            * texture_limbus;
    vec3 inner = pow(texture(iris, uv).rgb, vec3(2.2)) * iris_colour;
    inner = mix(inner, vec3(0.004), 1.0 - smoothstep(pupil * 0.92, pupil * 1.04, r));
    // The limbus is soft and dark.
    inner *= mix(1.0, 0.45, smoothstep(0.80, 1.0, r));
    float is_white = max(opaque, smoothstep(limbus * 0.94, limbus * 1.05, out_m));
    vec3 in_head = transpose(head) * (place - eye_centre);
    // The pink corner towards the nose.
    float nasal = smoothstep(0.0105, 0.0135, -in_head.x * nose_side);
    white = mix(white, vec3(0.42, 0.17, 0.14), 0.75 * nasal);
    vec3 albedo = mix(inner, white, is_white);
    // Lids, lashes and brow keep the sky off the upper part.
    float below = lid - in_head.y;
    float open = mix(0.35, 1.0, smoothstep(-0.0005, 0.0045, below));
    open *= mix(0.6, 1.0, 1.0 - smoothstep(0.0085, 0.0125, abs(in_head.x)));
    vec3 flat_n = normalize(mix(n, eye * vec3(0.0, 0.0, 1.0), (1.0 - is_white) * 0.7));
    float shade = lit(place, n);
    vec3 wrap = vec3(0.3, 0.22, 0.2);
    vec3 diffuse = key_light * max((vec3(dot(flat_n, key_way)) + wrap) / (1.0 + wrap), 0.0)
                 * mix(0.25, 1.0, shade)
                 + fill_light * max(dot(flat_n, fill_way), 0.0) + around(flat_n);
    // Wet: the lamp, and the bright screen in front of the person.
    float shine = gloss(n, v, key_way, 0.10, 0.025) * shade;
    float screen = gloss(n, v, fill_way, 0.13, 0.025);
    vec3 mirror = reflect(-v, n);
    vec3 sum = albedo * diffuse * open + key_light * min(shine, 6.0) * 0.6
             + fill_light * min(screen, 4.0) * 0.8
             + 0.02 * sky * smoothstep(0.0, 0.6, mirror.y) * open;
    seen = vec4(finish(sum), 1.0);
}
"""
)

DEPTH_FRAGMENT = """
#version 330
in vec3 place; in vec3 way; in vec2 at;
uniform sampler2D skin; uniform int kind; uniform float cut;
void main() { if (kind != 0 && texture(skin, at).a < cut) discard; }
"""

ROOM_VERTEX = """
#version 330
in vec2 corner; out vec2 at;
void main() { at = corner * 0.5 + 0.5; gl_Position = vec4(corner, 0.9999, 1.0); }
"""

ROOM_FRAGMENT = """
#version 330
in vec2 at; uniform sampler2D room; uniform float gain; uniform vec4 part;
out vec4 seen;
void main() { seen = vec4(texture(room, part.xy + part.zw * at).rgb * gain, 1.0); }
"""
