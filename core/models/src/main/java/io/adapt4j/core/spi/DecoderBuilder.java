package io.adapt4j.core.spi;

import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/**
 * Differences of a decoder from Llama. Sizes are read from the configuration under Llama's names:
 * {@code hidden_size}, {@code num_hidden_layers}, {@code num_attention_heads} and so on. A {@link
 * ModelFamily} receives a builder and does not create one.
 *
 * <p>Each method returns the builder. Layers count from 0.
 */
public interface DecoderBuilder {

  /** Positions of a layer's norms. */
  enum Norms {
    /** Before attention and before the MLP: {@code input_layernorm} and the one after attention. */
    BEFORE,
    /** Before and after both, as in Gemma 2. */
    BEFORE_AND_AFTER,
    /** After both, as in OLMo 2. */
    AFTER
  }

  /** Normalization of queries and keys, by {@code q_norm} and {@code k_norm}. */
  enum QueryKeyNorms {
    /** No normalization. */
    NONE,
    /** Each head separately, as in Qwen 3. */
    PER_HEAD,
    /** All heads together, as in OLMo 2. */
    FULL_WIDTH
  }

  /**
   * Sets the context length if {@code max_position_embeddings} is absent.
   *
   * @param tokens at least 1; 2048 by default
   */
  DecoderBuilder defaultContextLength(int tokens);

  /**
   * Sets the epsilon of norms if {@code rms_norm_eps} is absent.
   *
   * @param eps above 0; 1e-6 by default
   */
  DecoderBuilder defaultNormEpsilon(double eps);

  /**
   * Sets the activation of the MLP if {@code hidden_act} is absent.
   *
   * @param name silu, gelu, gelu_pytorch_tanh, relu or tanh; silu by default
   */
  DecoderBuilder defaultActivation(String name);

  /**
   * Sets whether the output matrix is tied to the embedding if {@code tie_word_embeddings} is
   * absent.
   *
   * @param tied whether it is; false by default
   */
  DecoderBuilder defaultTiedEmbeddings(boolean tied);

  /**
   * Sets the base of the rotary frequencies if {@code rope_theta} is absent.
   *
   * @param base above 0; 10,000 by default
   */
  DecoderBuilder defaultRotaryBase(double base);

  /**
   * Sets the head width if {@code head_dim} is absent.
   *
   * @param width even; by default {@code hidden_size / num_attention_heads}
   */
  DecoderBuilder defaultHeadSize(int width);

  /**
   * Sets which attention projections have biases.
   *
   * @param queryKeyValue whether the query, key and value projections have biases
   * @param output whether the output projection has a bias; by default {@code attention_bias}
   *     decides both
   */
  DecoderBuilder attentionBias(boolean queryKeyValue, boolean output);

  /**
   * Sets whether the projections of the MLP have biases.
   *
   * @param bias whether they have biases; by default {@code mlp_bias} decides
   */
  DecoderBuilder mlpBias(boolean bias);

  /**
   * Reads queries, keys and values from a single stored {@code qkv_proj}, gate and up from a single
   * {@code gate_up_proj}.
   */
  DecoderBuilder fusedProjections();

  /**
   * Sets the positions of a layer's norms.
   *
   * @param where {@link Norms#BEFORE} by default
   */
  DecoderBuilder norms(Norms where);

  /**
   * Sets the offset added to the weights of norms, which are stored as differences from it.
   *
   * @param offset 0 by default; 1 in Gemma
   */
  DecoderBuilder normOffset(double offset);

  /**
   * Sets the normalization of queries and keys.
   *
   * @param kind none by default
   */
  DecoderBuilder queryKeyNorms(QueryKeyNorms kind);

  /**
   * Sets the factor of embeddings.
   *
   * @param factor 1 by default
   */
  DecoderBuilder embeddingScale(double factor);

  /**
   * Sets the factor of attention scores.
   *
   * @param factor above 0; by default 1 / sqrt(head width)
   */
  DecoderBuilder attentionScale(double factor);

  /** Sets the factor of the attention and MLP outputs that are added to the residual stream. */
  DecoderBuilder residualScale(double factor);

  /** Sets the factor of logits. */
  DecoderBuilder logitScale(double factor);

  /**
   * Soft-caps attention scores: cap * tanh(score / cap).
   *
   * @param cap above 0; 0, the default, for none
   */
  DecoderBuilder attentionSoftCap(double cap);

  /**
   * Soft-caps logits: cap * tanh(logit / cap).
   *
   * @param cap above 0; 0, the default, for none
   */
  DecoderBuilder logitSoftCap(double cap);

  /**
   * Limits attention to a sliding window.
   *
   * @param tokens window of each layer, including the token itself; 0, the default, for no limit
   */
  DecoderBuilder window(IntUnaryOperator tokens);

  /**
   * Gives some layers rotary frequencies with another base, without scaling, as in the local layers
   * of Gemma 3.
   *
   * @param base above 0
   * @param layers the layers
   */
  DecoderBuilder localRotaryBase(double base, IntPredicate layers);

  /**
   * Leaves some layers without rotary embeddings, as every fourth of SmolLM3.
   *
   * @param layers the layers; none by default
   */
  DecoderBuilder withoutRotary(IntPredicate layers);
}
