package io.adapt4j.gguf.internal.metadata;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntPredicate;

/** Mapping of a hybrid's layer types; in files, attention layers are those with key-value heads. */
public final class LayerKinds {

  private static final String KEY = "attention.head_count_kv";

  /** A state-space layer. */
  public static final String MAMBA = "mamba";

  public static final String ATTENTION = "attention";

  private LayerKinds() {}

  /** Returns which of the listed types are attention, by the number of a layer. */
  public static IntPredicate full(List<String> types) {
    return layer -> types.get(layer).equals(LayerTypes.FULL);
  }

  /** Returns the key for the number of heads of each layer. */
  public static Field heads(Function<Facts, IntPredicate> attends) {
    return new Field(
        (facts, prefix, target) -> {
          IntPredicate all = attends.apply(facts);
          int[] heads = new int[facts.decoder().layers()];
          for (int i = 0; i < heads.length; i++) {
            heads[i] = all.test(i) ? facts.decoder().kvHeads() : 0;
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
