package io.adapt4j.gguf.internal.metadata;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Mapping of a hybrid's layer types; in files, attention layers are those with key-value heads. */
public final class LayerKinds {

  private static final String KEY = "attention.head_count_kv";

  /** A state-space layer. */
  public static final String MAMBA = "mamba";

  /** An attention layer. */
  public static final String ATTENTION = "attention";

  /** Names of the layer types in Transformers 5. */
  private static final Map<String, String> LATER =
      Map.of("linear_attention", MAMBA, "full_attention", ATTENTION);

  private LayerKinds() {}

  /** Returns the types of a model's layers in Transformers 4's names; empty if none are listed. */
  public static List<String> mixers(ConfigReader fields) {
    String field = fields.has("layer_types") ? "layer_types" : "layers_block_type";
    return fields.texts(field).stream().map(type -> LATER.getOrDefault(type, type)).toList();
  }

  /** Returns the key for the number of heads of each layer. */
  public static Field heads(Function<Facts, boolean[]> attends) {
    return new Field(
        (facts, prefix, target) -> {
          boolean[] all = attends.apply(facts);
          int[] heads = new int[all.length];
          for (int i = 0; i < heads.length; i++) {
            heads[i] = all[i] ? facts.decoder().kvHeads() : 0;
          }
          target.int32s(prefix + KEY, heads);
        },
        (source, prefix, config) ->
            source
                .integers(prefix + KEY)
                .flatMap(
                    heads -> Arrays.stream(heads).filter(count -> count > 0).boxed().findFirst())
                .or(() -> source.integer(prefix + KEY).stream().boxed().findFirst())
                .ifPresent(count -> config.put("num_key_value_heads", count)));
  }

  /** Returns a reader that sets the layer types of a file. */
  public static Field.Reader types(String attention, String other) {
    return (metadata, prefix, config) -> {
      ArrayNode types = config.putArray("layer_types");
      for (boolean attends : attending(metadata, prefix, config)) {
        types.add(attends ? attention : other);
      }
    };
  }

  /** Returns which layers of a file are attention layers. */
  public static boolean[] attending(GgufMetadata metadata, String prefix, ObjectNode config) {
    boolean[] attends = new boolean[config.path("num_hidden_layers").asInt()];
    long[] heads = metadata.integers(prefix + KEY).orElse(new long[0]);
    for (int i = 0; i < attends.length; i++) {
      attends[i] = i >= heads.length || heads[i] > 0;
    }
    return attends;
  }
}
