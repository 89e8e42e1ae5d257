package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;

/** Sliding windows of attention: their size, the layers that have one, and the keys for both. */
final class SlidingWindows {

  static final String SIZE = "sliding_window";
  static final String SLIDING = "sliding_attention";
  static final String FULL = "full_attention";

  private static final String TYPES = "layer_types";
  static final String PATTERN = "attention.sliding_window_pattern";

  private SlidingWindows() {}

  /** Returns the stated size; 0 for none. */
  static int stated(Facts facts) {
    ConfigReader fields = facts.fields();
    return fields.isNull(SIZE) ? 0 : fields.optionalInt(SIZE).orElse(0);
  }

  /** Returns the stated size, 4096 by default; 0 if it is null. */
  static int unlessNull(Facts facts) {
    ConfigReader fields = facts.fields();
    return fields.isNull(SIZE) ? 0 : fields.positiveInt(SIZE, 4096);
  }

  /** Returns the size in families that enable windows by a field, in some layers. */
  static int switched(Facts facts) {
    ConfigReader fields = facts.fields();
    boolean some =
        fields.texts(TYPES).contains(SLIDING)
            || (!fields.has(TYPES)
                && fields.optionalInt("max_window_layers").orElse(28) < facts.decoder().layers());
    return fields.bool("use_sliding_window", false) && some ? fields.positiveInt(SIZE, 4096) : 0;
  }

  /** Returns a size if there is a layer that has a window; layers have one by default. */
  static int inSomeLayer(Facts facts, ToIntFunction<Facts> size) {
    List<String> types = facts.fields().texts(TYPES);
    return types.isEmpty() || types.contains(SLIDING) ? size.applyAsInt(facts) : 0;
  }

  /** Requires that the context fits in the window, so that it has no effect. */
  static void requireNoEffect(Facts facts, int window) {
    if (window > 0 && window < facts.contextLength()) {
      throw facts
          .fields()
          .invalid(
              SIZE,
              "none, or at least the " + facts.contextLength() + " tokens of the context",
              "llama.cpp ignores the window of this architecture: within "
                  + window
                  + " tokens both compute the same, so give contextLength("
                  + window
                  + ") to export the model for those.");
    }
  }

  static void requireStated(Facts facts) {
    if (facts.fields().isNull(SIZE)) {
      throw Checks.refused(facts, SIZE, "a number");
    }
  }

  /** Returns which layers have a window, by {@code layer_types} or else by a period. */
  static boolean[] layers(Facts facts, int period) {
    return layers(facts.fields(), facts.decoder().layers(), period);
  }

  static boolean[] layers(ConfigReader fields, int layers, int period) {
    List<String> types = fields.texts(TYPES);
    boolean[] slides = byPeriod(layers, period);
    for (int layer = 0; layer < layers && !types.isEmpty(); layer++) {
      slides[layer] = types.get(layer).equals(SLIDING);
    }
    return slides;
  }

  /** Returns the key for the pattern of windows, written if it is not llama.cpp's default. */
  static Field pattern(int period, ToIntFunction<Facts> ofModel) {
    return pattern(period, ofModel, false);
  }

  /** Returns the key for the pattern of windows, which official files always have. */
  static Field statedPattern(int period) {
    return pattern(period, facts -> period, true);
  }

  private static Field pattern(int period, ToIntFunction<Facts> ofModel, boolean always) {
    return new Field(
        (facts, prefix, target) -> {
          boolean[] slides = layers(facts, ofModel.applyAsInt(facts));
          if (always || !Arrays.equals(slides, byPeriod(slides.length, period))) {
            target.bools(prefix + PATTERN, slides);
          }
        },
        (source, prefix, config) -> {
          int layers = (int) source.integer(prefix + "block_count").orElse(0);
          int stated = (int) source.integer(prefix + PATTERN).orElse(period);
          putTypes(config, source.bools(prefix + PATTERN).orElse(byPeriod(layers, stated)));
        });
  }

  /** Sets the layer types. */
  static void putTypes(ObjectNode config, boolean[] slides) {
    putTypes(config, slides, SLIDING, FULL);
  }

  static void putTypes(ObjectNode config, boolean[] marked, String type, String other) {
    ArrayNode types = config.putArray(TYPES);
    for (boolean mark : marked) {
      types.add(mark ? type : other);
    }
  }

  /** Returns the layers other than each last one of a period. */
  static boolean[] byPeriod(int layers, int period) {
    boolean[] slides = new boolean[layers];
    for (int i = 0; i < layers; i++) {
      slides[i] = (i + 1) % period != 0;
    }
    return slides;
  }
}
