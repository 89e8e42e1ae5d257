package io.adapt4j.core.model;

import io.adapt4j.core.config.ModelConfig;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Which layers attend to a window only: the {@code layer_types} of a configuration. */
final class LayerTypes {

  static final String FULL = "full_attention";
  static final String SLIDING = "sliding_attention";

  private LayerTypes() {}

  /**
   * Reads which layers slide.
   *
   * @param config the configuration
   * @param layers number of layers
   * @param slides what the family takes where the field is absent
   * @return one entry a layer, true where it slides
   * @throws io.adapt4j.core.config.ConfigException if a type is not known, or there are too few
   */
  static List<Boolean> sliding(ModelConfig config, int layers, IntPredicate slides) {
    List<String> types = config.fields().texts("layer_types");
    if (types.isEmpty()) {
      return IntStream.range(0, layers).mapToObj(slides::test).toList();
    }
    boolean known = types.stream().allMatch(type -> type.equals(FULL) || type.equals(SLIDING));
    if (!known || types.size() != layers) {
      throw config
          .fields()
          .invalid(
              "layer_types",
              layers + " entries, each " + FULL + " or " + SLIDING,
              "This build knows no other kinds of attention.");
    }
    return types.stream().map(SLIDING::equals).toList();
  }
}
