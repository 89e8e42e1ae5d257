package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Pools a text's hidden states into one vector: one or more poolings, concatenated. */
record TextPooling(List<Pooling> modes, boolean includePrompt) {

  /** Names that Sentence Transformers uses, in the order in which it concatenates the results. */
  private static final Map<String, Pooling> NAMES = new LinkedHashMap<>();

  static {
    NAMES.put("cls", Pooling.FIRST);
    NAMES.put("max", Pooling.MAX);
    NAMES.put("mean", Pooling.MEAN);
    NAMES.put("mean_sqrt_len_tokens", Pooling.MEAN_SQRT);
    NAMES.put("weightedmean", Pooling.WEIGHTED_MEAN);
    NAMES.put("lasttoken", Pooling.LAST);
  }

  private static final String MEAN_FIELD = "pooling_mode_mean_tokens";

  /** Configuration key that enables each pooling. */
  private static final Map<Pooling, String> SWITCHES =
      Map.of(
          Pooling.FIRST, "pooling_mode_cls_token",
          Pooling.MAX, "pooling_mode_max_tokens",
          Pooling.MEAN, MEAN_FIELD,
          Pooling.MEAN_SQRT, "pooling_mode_mean_sqrt_len_tokens",
          Pooling.WEIGHTED_MEAN, "pooling_mode_weightedmean_tokens",
          Pooling.LAST, "pooling_mode_lasttoken");

  static TextPooling of(Pooling pooling) {
    return new TextPooling(List.of(pooling), true);
  }

  /** Reads the configuration of a Pooling module. */
  static TextPooling read(Path folder, int hidden) {
    ConfigReader config = ConfigReader.read(folder.resolve("config.json"));
    if (config.positiveInt("word_embedding_dimension", hidden) != hidden) {
      throw config.invalid(
          "word_embedding_dimension",
          "the model's hidden size " + hidden,
          "Use the files of one and the same model.");
    }
    List<Pooling> modes =
        config.has("pooling_mode") ? named(config, "pooling_mode") : switchedOn(config);
    if (modes.isEmpty()) {
      throw config.invalid(MEAN_FIELD, "one pooling that is on", "Set one of them to true.");
    }
    return new TextPooling(modes, config.bool("include_prompt", true));
  }

  private static List<Pooling> named(ConfigReader config, String field) {
    List<String> names =
        config.json().get(field).isArray()
            ? config.texts(field)
            : List.of(config.requireText(field));
    if (!NAMES.keySet().containsAll(names)) {
      throw config.invalid(
          field, "one or more of " + NAMES.keySet(), "This build has no such pooling.");
    }
    return NAMES.keySet().stream().filter(names::contains).map(NAMES::get).toList();
  }

  private static List<Pooling> switchedOn(ConfigReader config) {
    config
        .json()
        .fieldNames()
        .forEachRemaining(
            field -> {
              boolean unknown = field.startsWith("pooling_mode_") && !SWITCHES.containsValue(field);
              if (unknown && config.bool(field, false)) {
                throw config.invalid(field, "false", "This build has no such pooling.");
              }
            });
    List<Pooling> modes = new ArrayList<>();
    for (Pooling pooling : NAMES.values()) {
      String field = SWITCHES.get(pooling);
      if (config.bool(field, field.equals(MEAN_FIELD))) {
        modes.add(pooling);
      }
    }
    return modes;
  }

  /** Returns the names that Sentence Transformers uses for the poolings. */
  List<String> names() {
    return NAMES.entrySet().stream()
        .filter(entry -> modes.contains(entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  int width(int hidden) {
    return hidden * modes.size();
  }

  Tensor pool(Ops ops, Tensor hidden, long[] mask) {
    List<Tensor> parts = modes.stream().map(mode -> mode.pool(ops, hidden, mask)).toList();
    return ops.joinColumns(parts);
  }
}
