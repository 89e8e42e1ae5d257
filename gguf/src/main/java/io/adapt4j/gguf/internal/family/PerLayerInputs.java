package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.RowOrder;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Shared parts of Gemma 3n and Gemma 4: per-layer embeddings, and layers that share keys and
 * values.
 */
final class PerLayerInputs {

  static final String WIDTH = "hidden_size_per_layer_input";
  static final String SHARED = "num_kv_shared_layers";
  static final String ROWS = "vocab_size_per_layer_input";

  private static final String INNER = "intermediate_size";
  private static final String INNER_KEY = "feed_forward_length";
  private static final int USUAL_ROWS = 262_144;
  private static final int USUAL_WIDTH = 256;

  private static final Pattern KEYS_OR_VALUES =
      Pattern.compile("blk\\.(\\d{1,6})\\.attn_(k|v|k_norm)\\.weight");

  private PerLayerInputs() {}

  /** Returns the number of rows of the per-layer embedding table. */
  static int rows(ModelConfig text) {
    return text.fields().positiveInt(ROWS, USUAL_ROWS);
  }

  /** Returns the per-layer width of the embedding; 0 if a model has none. */
  static int width(ConfigReader fields) {
    return fields.optionalInt(WIDTH).orElse(USUAL_WIDTH);
  }

  static int shared(ConfigReader fields, int absent) {
    return fields.optionalInt(SHARED).orElse(absent);
  }

  /** Returns the key for the per-layer width of the embedding. */
  static Field widthKey() {
    return Field.integer("embedding_length_per_layer_input", WIDTH, facts -> width(facts.fields()));
  }

  /** Returns the key for the number of layers that share keys and values. */
  static Field sharedKey(int absent) {
    return Field.integer(
        "attention.shared_kv_layers", SHARED, facts -> shared(facts.fields(), absent));
  }

  /**
   * Returns the tensors of the table and its projections; missing token ids are zero-padded in
   * files.
   */
  static List<TensorName> names(ModelConfig text, int vocabulary) {
    int rows = rows(text);
    Layout table =
        rows < vocabulary ? Layout.SAME.with(RowOrder.padded(rows, vocabulary)) : Layout.SAME;
    return TensorName.concat(
        List.of(TensorName.of("model.embed_tokens_per_layer", "per_layer_token_embd", table)),
        TensorName.modules(
            "model.per_layer_model_projection = per_layer_model_proj",
            "model.per_layer_projection_norm = per_layer_proj_norm"),
        TensorName.layers(
            "per_layer_input_gate = inp_gate",
            "per_layer_projection = proj",
            "post_per_layer_input_norm = post_norm"));
  }

  /** Rejects a table with more rows than there are tokens. */
  static void requireRows(Facts facts) {
    int vocabulary = facts.decoder().vocabSize();
    if (width(facts.fields()) > 0 && rows(facts.model()) > vocabulary) {
      throw Checks.refused(facts, ROWS, "at most vocab_size " + vocabulary);
    }
  }

  /**
   * Requires that layers share the keys and values of the two layers before them, as llama.cpp
   * assumes.
   */
  static void requireShared(Facts facts, boolean[] slides, int shared) {
    int own = slides.length - shared;
    if (shared > 0 && (own < 2 || slides[own - 1] || !slides[own - 2])) {
      throw Checks.refused(
          facts,
          SHARED,
          "so many that a layer with a window and then one without come right before them");
    }
  }

  /** Returns whether a tensor belongs to a layer that shares another's keys and values. */
  static boolean isUnused(String gguf, ConfigReader fields, int absent) {
    int own = fields.requirePositiveInt("num_hidden_layers") - shared(fields, absent);
    Matcher matcher = KEYS_OR_VALUES.matcher(gguf);
    return matcher.matches() && Integer.parseInt(matcher.group(1)) >= own;
  }

  /** Returns the intermediate size of each layer, stated as one number or a list. */
  static int[] inner(ModelConfig text, int layers) {
    List<Integer> each =
        text.fields().json().path(INNER).isArray() ? text.fields().integers(INNER) : List.of();
    int[] all = new int[layers];
    for (int i = 0; i < layers; i++) {
      all[i] =
          each.isEmpty()
              ? text.fields().requirePositiveInt(INNER)
              : each.get(Math.min(i, each.size() - 1));
    }
    return all;
  }

  /** Returns the key for the intermediate sizes, which may hold a list. */
  static Field innerWidths() {
    return new Field(
        (facts, prefix, target) -> {
          int[] all = inner(facts.model(), facts.decoder().layers());
          if (facts.fields().json().path(INNER).isArray()) {
            target.int32s(prefix + INNER_KEY, all);
          } else {
            target.uint32(prefix + INNER_KEY, all[0]);
          }
        },
        (source, prefix, config) -> {
          source.integer(prefix + INNER_KEY).ifPresent(width -> config.put(INNER, width));
          source
              .integers(prefix + INNER_KEY)
              .ifPresent(
                  all -> {
                    ArrayNode array = config.putArray(INNER);
                    Arrays.stream(all).forEach(array::add);
                  });
        });
  }
}
