package io.adapt4j.gguf.internal.family;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One row of a family's table: a module's name in checkpoints and in GGUF files, both with {@code
 * {}} for the number of the layer where there is one, and the layout of its weight. Where the rows
 * of a checkpoint's tensor are in several GGUF tensors, there is a row for each.
 */
record TensorName(String stored, String gguf, Layout layout, boolean isWhole) {

  private static final String LAYER = "{}";
  private static final String SUFFIX = "(?<suffix>\\.(weight|bias))";

  private static final Map<String, Pattern> PATTERNS = new ConcurrentHashMap<>();

  static TensorName of(String stored, String gguf) {
    return of(stored, gguf, Layout.SAME);
  }

  static TensorName of(String stored, String gguf, Layout layout) {
    return new TensorName(stored, gguf, layout, false);
  }

  /** A tensor whose name is not that of a module with its kind. */
  static TensorName tensor(String stored, String gguf, Layout layout) {
    return new TensorName(stored, gguf, layout, true);
  }

  /** The row of a text model that is below another path. */
  TensorName ofWhole() {
    return new TensorName(
        stored.replaceFirst("^model\\.", "model.language_model."), gguf, layout, isWhole);
  }

  /** The GGUF tensor of a checkpoint's tensor. */
  Optional<Place> toGguf(String name) {
    return translate(stored, gguf, name);
  }

  /** The checkpoint's tensor of a GGUF tensor. */
  Optional<Place> toStored(String name) {
    return translate(gguf, stored, name);
  }

  private Optional<Place> translate(String from, String to, String name) {
    Matcher matcher = pattern(from).matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String path = from.contains(LAYER) ? to.replace(LAYER, matcher.group("layer")) : to;
    String suffix = isWhole ? "" : matcher.group("suffix");
    int expert =
        from.contains(Place.EXPERT) ? Integer.parseInt(matcher.group("expert")) : Place.ALONE;
    return Optional.of(
        new Place(path + suffix, suffix.equals(".bias") ? layout.ofBias() : layout, expert));
  }

  private Pattern pattern(String name) {
    String expression =
        ("\\Q" + name + "\\E")
                .replace(LAYER, "\\E(?<layer>\\d+)\\Q")
                .replace(Place.EXPERT, "\\E(?<expert>\\d+)\\Q")
            + (isWhole ? "" : SUFFIX);
    return PATTERNS.computeIfAbsent(expression, Pattern::compile);
  }
}
