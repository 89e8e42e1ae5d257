package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.Set;

/** Checks of settings that llama.cpp hardcodes in several families. */
final class Checks {

  private static final String REMEDY =
      "llama.cpp computes it otherwise whatever the file says; run this model here, or export a"
          + " checkpoint without it.";

  /** Kinds of RoPE scaling that llama.cpp applies in most architectures. */
  static final Set<Class<? extends RopeScaling>> SCALINGS =
      Set.of(RopeScaling.Default.class, RopeScaling.Linear.class, RopeScaling.Yarn.class);

  private Checks() {}

  static RuntimeException refused(Facts facts, String field, String expected) {
    return facts.fields().invalid(field, expected + " in a GGUF file of this family", REMEDY);
  }

  /** Requires a boolean field, given its default. */
  static void flag(Facts facts, String field, boolean wanted, boolean absent) {
    if (facts.fields().bool(field, absent) != wanted) {
      throw refused(facts, field, String.valueOf(wanted));
    }
  }

  /** Requires boolean fields to be false, their default. */
  static void off(Facts facts, String... fields) {
    for (String field : fields) {
      flag(facts, field, false, false);
    }
  }

  /** Requires an integer. */
  static void number(Facts facts, String field, int found, int fixed) {
    if (found != fixed) {
      throw refused(facts, field, String.valueOf(fixed));
    }
  }

  /** Requires one of the activations equivalent to the one llama.cpp hardcodes. */
  static void activation(Facts facts, String field, String found, Set<String> equivalent) {
    if (!equivalent.contains(found)) {
      throw refused(facts, field, "one of " + equivalent.stream().sorted().toList());
    }
  }

  /** Requires exact or approximate GELU. */
  static void gelu(Facts facts, String field, String found) {
    activation(facts, field, found, Field.GELU);
  }

  /** Requires that the head size is the hidden size over the number of heads. */
  static void usualHeadDim(Facts facts) {
    DecoderConfig decoder = facts.decoder();
    if (decoder.headDim() * decoder.heads() != decoder.hiddenSize()) {
      throw refused(facts, "head_dim", "hidden_size / num_attention_heads");
    }
  }

  static void wholeHeadsRotated(Facts facts) {
    if (facts.decoder().rotaryDim() != facts.decoder().headDim()) {
      throw refused(facts, "partial_rotary_factor", "1");
    }
  }

  /** Requires as many key-value heads as query heads. */
  static void ungroupedHeads(Facts facts) {
    if (facts.decoder().kvHeads() != facts.decoder().heads()) {
      throw refused(facts, "num_key_value_heads", "num_attention_heads");
    }
  }

  /** Requires that output and embedding matrix are tied. */
  static void tied(Facts facts) {
    if (!facts.decoder().tieWordEmbeddings()) {
      throw refused(facts, "tie_word_embeddings", "true");
    }
  }

  /** Rejects a context length other than the size of the position table. */
  static void ownLength(Facts facts) {
    if (facts.contextLength() != facts.decoder().maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          "contextLength: expected the "
              + facts.decoder().maxPositionEmbeddings()
              + " positions that the model has embeddings for, found "
              + facts.contextLength()
              + "; leave it out.");
    }
  }

  /** Requires one of the given kinds of scaling, and YaRN parameters that llama.cpp reads. */
  static void scaling(Facts facts, Set<Class<? extends RopeScaling>> kinds) {
    scalingKind(facts, kinds, true);
    yarnBounds(facts);
  }

  /**
   * Requires one of the given kinds of scaling.
   *
   * @param truncates whether the bounds of YaRN's ramp must be integers, as in llama.cpp
   */
  static void scalingKind(Facts facts, Set<Class<? extends RopeScaling>> kinds, boolean truncates) {
    RopeScaling scaling = facts.decoder().ropeScaling();
    if (!kinds.contains(scaling.getClass())) {
      throw refused(facts, scalingField(facts), "a rotary scaling that the family has there");
    }
    if (scaling instanceof RopeScaling.Yarn yarn && truncates && !yarn.truncate()) {
      throw refused(facts, scalingField(facts), "yarn that truncates its bounds");
    }
  }

  /** Requires the bounds of YaRN's ramp that llama.cpp assumes. */
  static void yarnBounds(Facts facts) {
    if (facts.decoder().ropeScaling() instanceof RopeScaling.Yarn yarn
        && (yarn.betaFast() != 32 || yarn.betaSlow() != 1)) {
      throw refused(facts, scalingField(facts), "yarn with beta_fast 32 and beta_slow 1");
    }
  }

  static String scalingField(Facts facts) {
    return facts.fields().has("rope_scaling") ? "rope_scaling" : "rope_parameters";
  }
}
