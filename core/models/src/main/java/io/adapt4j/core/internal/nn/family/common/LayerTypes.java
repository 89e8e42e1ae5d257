package io.adapt4j.core.internal.nn.family.common;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScalingReader;
import io.adapt4j.core.internal.config.RotaryFrequencies;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/** Reads which layers have sliding-window attention: the {@code layer_types} of a configuration. */
public final class LayerTypes {

  public static final String FULL = "full_attention";
  public static final String SLIDING = "sliding_attention";

  /** A state space layer, under its name in Transformers 5. */
  public static final String STATE_SPACE = "linear_attention";

  /** Names in Transformers 4 for layers of hybrid models. */
  private static final Map<String, String> EARLIER =
      Map.of("mamba", STATE_SPACE, "attention", FULL);

  private LayerTypes() {}

  /** Returns for each layer whether it has a sliding window. */
  public static List<Boolean> sliding(ModelConfig config, int layers, IntPredicate slides) {
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

  /** Validates the types of layers. */
  public static List<String> known(
      ConfigReader fields, List<String> types, int layers, Set<String> known) {
    if (types.size() != layers || !known.containsAll(types)) {
      throw fields.invalid(
          "layer_types",
          layers + " entries, each one of " + known.stream().sorted().toList(),
          "This build knows no other layers of this family.");
    }
    return types;
  }

  /**
   * Returns which layers of a hybrid model have a state space and which attention, reading the
   * names of either version of Transformers.
   */
  public static List<String> mixers(ConfigReader fields, int layers) {
    String field = fields.has("layer_types") ? "layer_types" : "layers_block_type";
    List<String> types =
        fields.texts(field).stream().map(type -> EARLIER.getOrDefault(type, type)).toList();
    return types.isEmpty() ? types : known(fields, types, layers, Set.of(STATE_SPACE, FULL));
  }

  /** Reads the rotary frequencies stated for one layer type. */
  public static Optional<RotaryFrequencies> rotary(
      ModelConfig model, DecoderConfig config, String type) {
    return RopeScalingReader.ofType(model.fields(), Optional.of(type))
        .filter(own -> own.has("rope_theta"))
        .map(
            own ->
                RotaryFrequencies.of(
                    own.requirePositiveNumber("rope_theta"),
                    config.rotaryDim(),
                    config.maxPositionEmbeddings(),
                    RopeScalingReader.scaling(model.fields(), Optional.of(type))));
  }

  /**
   * Returns the window of each layer.
   *
   * @param window number of tokens a sliding layer sees; 0 if there is no window
   * @return the window of each layer, 0 for all tokens
   */
  public static IntToLongFunction windows(ModelConfig config, List<Boolean> slides, int window) {
    if (window == 0 && slides.contains(true)) {
      boolean listed = config.fields().has("layer_types");
      throw config
          .fields()
          .invalid(
              listed ? "layer_types" : "sliding_window",
              listed ? FULL + " only, as no sliding_window is in force" : "a number above 0",
              "Set sliding_window (and use_sliding_window where the family has it), or make every"
                  + " layer "
                  + FULL
                  + ".");
    }
    return layer -> slides.get(layer) ? window : 0;
  }
}
