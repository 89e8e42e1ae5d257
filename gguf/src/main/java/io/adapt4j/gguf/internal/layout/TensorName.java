package io.adapt4j.gguf.internal.layout;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One entry of a family's tensor map: a module's name in checkpoints and in GGUF files, with {@code
 * {}} for the layer number, and the layout of its weight. A checkpoint tensor split into several
 * GGUF tensors has an entry for each.
 *
 * @param isWhole whether the names are those of tensors rather than of modules
 */
public record TensorName(String stored, String gguf, Layout layout, boolean isWhole) {

  private static final String LAYER = "{}";
  private static final String SUFFIX = "(?<suffix>\\.(weight|bias))";
  private static final String LAYERS = "model.layers.{}.";

  private static final Map<String, Pattern> PATTERNS = new ConcurrentHashMap<>();

  /** Creates an entry for a module. */
  public static TensorName of(String stored, String gguf) {
    return of(stored, gguf, Layout.SAME);
  }

  /** Creates an entry for a module. */
  public static TensorName of(String stored, String gguf, Layout layout) {
    return new TensorName(stored, gguf, layout, false);
  }

  /** Creates an entry for a full tensor name rather than a module. */
  public static TensorName tensor(String stored, String gguf, Layout layout) {
    return new TensorName(stored, gguf, layout, true);
  }

  /** Creates an entry for a module of a layer. */
  public static TensorName layer(String stored, String gguf, Layout layout) {
    return of(LAYERS + stored, "blk.{}." + gguf, layout);
  }

  public static TensorName layerTensor(String stored, String gguf, Layout layout) {
    return tensor(LAYERS + stored, "blk.{}." + gguf, layout);
  }

  /** Creates entries from lines {@code stored = gguf}. */
  public static List<TensorName> modules(String... lines) {
    return parse("", "", Layout.SAME, lines);
  }

  /** Creates entries of layers from lines {@code stored = gguf}. */
  public static List<TensorName> layers(String... lines) {
    return layers(Layout.SAME, lines);
  }

  /** Creates entries of layers from lines {@code stored = gguf}. */
  public static List<TensorName> layers(Layout layout, String... lines) {
    return parse(LAYERS, "blk.{}.", layout, lines);
  }

  /** Creates entries of layers from lines {@code stored = gguf}, given the path of the layers. */
  public static List<TensorName> layersOf(String path, Layout layout, String... lines) {
    return parse(path + ".{}.", "blk.{}.", layout, lines);
  }

  @SafeVarargs
  public static List<TensorName> concat(List<TensorName>... parts) {
    List<TensorName> all = new ArrayList<>();
    for (List<TensorName> part : parts) {
      all.addAll(part);
    }
    return all;
  }

  private static List<TensorName> parse(
      String root, String ggufRoot, Layout layout, String... lines) {
    return Arrays.stream(lines)
        .map(line -> line.split(" = ", 2))
        .map(names -> of(root + names[0], ggufRoot + names[1], layout))
        .toList();
  }

  /** Returns the entry for a text model nested at a path, such as "model.language_model.". */
  public TensorName nested(String path) {
    return new TensorName(stored.replaceFirst("^model\\.", path), gguf, layout, isWhole);
  }

  /** Returns the entry for a model without an output head, whose names have no prefix. */
  public TensorName withoutRoot() {
    return new TensorName(stored.replaceFirst("^model\\.", ""), gguf, layout, isWhole);
  }

  /** Returns the GGUF tensor of a checkpoint's tensor. */
  public Optional<Place> toGguf(String name) {
    return translate(stored, gguf, name);
  }

  /** Returns the checkpoint's tensor of a GGUF tensor. */
  public Optional<Place> toStored(String name) {
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
