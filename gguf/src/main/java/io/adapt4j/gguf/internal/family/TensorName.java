package io.adapt4j.gguf.internal.family;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One row of a family's table: a module's name in checkpoints and in GGUF files, both with {@code
 * {}} for the number of the layer where there is one, and the layout of its weight.
 *
 * @param stored the module path in checkpoints
 * @param gguf the name in GGUF files
 * @param layout how its weight lies there
 */
record TensorName(String stored, String gguf, Layout layout) {

  private static final String LAYER = "{}";
  private static final String SUFFIX = "\\.(weight|bias)";

  static TensorName of(String stored, String gguf) {
    return new TensorName(stored, gguf, Layout.SAME);
  }

  static TensorName of(String stored, String gguf, Layout layout) {
    return new TensorName(stored, gguf, layout);
  }

  /** The GGUF tensor of a checkpoint's tensor. */
  Optional<GgufFamily.Place> toGguf(String name) {
    return translate(stored, gguf, name);
  }

  /** The checkpoint's tensor of a GGUF tensor. */
  Optional<GgufFamily.Place> toStored(String name) {
    return translate(gguf, stored, name);
  }

  private Optional<GgufFamily.Place> translate(String from, String to, String name) {
    int hole = from.indexOf(LAYER);
    String pattern =
        hole < 0
            ? Pattern.quote(from)
            : Pattern.quote(from.substring(0, hole))
                + "(?<layer>\\d+)"
                + Pattern.quote(from.substring(hole + LAYER.length()));
    Matcher matcher = Pattern.compile(pattern + "(?<suffix>" + SUFFIX + ")").matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String path = hole < 0 ? to : to.replace(LAYER, matcher.group("layer"));
    String suffix = matcher.group("suffix");
    return Optional.of(
        new GgufFamily.Place(path + suffix, suffix.equals(".bias") ? layout.ofBias() : layout));
  }
}
