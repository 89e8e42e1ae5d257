package io.adapt4j.gguf.internal.metadata;

import java.util.function.ToIntFunction;

/** Keys that most decoder families have. */
public final class DecoderKeys {

  public static final Field BLOCKS =
      Field.integer("block_count", "num_hidden_layers", facts -> facts.decoder().layers());

  public static final Field CONTEXT =
      Field.integer("context_length", "max_position_embeddings", Facts::contextLength);

  public static final Field WIDTH =
      Field.integer("embedding_length", "hidden_size", facts -> facts.decoder().hiddenSize());

  public static final Field INNER =
      Field.integer(
          "feed_forward_length", "intermediate_size", facts -> facts.decoder().intermediateSize());

  /** The number of query heads. */
  public static final Field HEADS =
      Field.integer(
          "attention.head_count", "num_attention_heads", facts -> facts.decoder().heads());

  public static final Field KEY_VALUE_HEADS =
      Field.integer(
          "attention.head_count_kv", "num_key_value_heads", facts -> facts.decoder().kvHeads());

  /** The head size of keys. */
  public static final Field KEY_LENGTH =
      Field.integer("attention.key_length", "head_dim", facts -> facts.decoder().headDim());

  /** The head size of values. */
  public static final Field VALUE_LENGTH =
      Field.derived("attention.value_length", facts -> facts.decoder().headDim());

  /** The base of rotary frequencies. */
  public static final Field THETA =
      Field.number("rope.freq_base", "rope_theta", facts -> facts.decoder().ropeTheta());

  /** The head size, if all of it is rotated. */
  public static final Field HEAD_ROTATED =
      Field.derived("rope.dimension_count", facts -> facts.decoder().headDim());

  /** The epsilon of RMS norms. */
  public static final Field RMS_EPS =
      Field.number(
          "attention.layer_norm_rms_epsilon",
          "rms_norm_eps",
          facts -> facts.decoder().rmsNormEps());

  public static final Field VOCABULARY =
      Field.integer("vocab_size", "vocab_size", facts -> facts.decoder().vocabSize());

  private DecoderKeys() {}

  public static Field layerNormEps(String field) {
    return Field.number("attention.layer_norm_epsilon", field, 1e-5);
  }

  /** Returns the key for the size of sliding windows. */
  public static Field window(ToIntFunction<Facts> window) {
    return Field.integer("attention.sliding_window", "sliding_window", window);
  }
}
