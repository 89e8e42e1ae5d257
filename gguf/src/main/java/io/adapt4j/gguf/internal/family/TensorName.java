package io.adapt4j.gguf.internal.family;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One entry of a family's tensor map: a module's name in checkpoints and in GGUF files, with {@code
 * {}} for the layer number, and the layout of its weight. A checkpoint tensor split into several
 * GGUF tensors has an entry for each.
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

  /** Creates an entry for a full tensor name rather than a module. */
  static TensorName tensor(String stored, String gguf, Layout layout) {
    return new TensorName(stored, gguf, layout, true);
  }

  /** Returns the entry for a nested text model. */
  TensorName ofWhole() {
    return new TensorName(
        stored.replaceFirst("^model\\.", "model.language_model."), gguf, layout, isWhole);
  }

  /** Returns the GGUF tensor of a checkpoint's tensor. */
  Optional<Place> toGguf(String name) {
    return translate(stored, gguf, name);
  }

  /** Returns the checkpoint's tensor of a GGUF tensor. */
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
