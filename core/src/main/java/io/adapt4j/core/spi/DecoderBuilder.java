package io.adapt4j.core.spi;

import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/**
 * What a decoder differs from Llama in. Sizes are read from the configuration under the names that
 * Llama's has: {@code hidden_size}, {@code num_hidden_layers}, {@code num_attention_heads} and so
 * on. A {@link ModelFamily} is given a builder; it makes none.
 *
 * <p>Each method returns the builder. Layers count from 0.
 */
public interface DecoderBuilder {

  /** Where a layer has its norms. */
  enum Norms {
    /** Before attention and before the MLP: {@code input_layernorm} and the one after attention. */
    BEFORE,
    /** Before and after both, as in Gemma 2. */
    BEFORE_AND_AFTER,
    /** After both, as in OLMo 2. */
    AFTER
  }

  /** What is normalized of queries and keys, by {@code q_norm} and {@code k_norm}. */
  enum QueryKeyNorms {
    /** Nothing. */
    NONE,
    /** Each head by itself, as in Qwen 3. */
    PER_HEAD,
    /** All heads together, as in OLMo 2. */
    FULL_WIDTH
  }

  /**
   * Sets the context length where {@code max_position_embeddings} is absent.
   *
   * @param tokens at least 1; 2048 by default
   * @return this
   */
  DecoderBuilder defaultContextLength(int tokens);

  /**
   * Sets what norms add to the mean square where {@code rms_norm_eps} is absent.
   *
   * @param eps above 0; 1e-6 by default
   * @return this
   */
  DecoderBuilder defaultNormEpsilon(double eps);

  /**
   * Sets the activation of the MLP where {@code hidden_act} is absent.
   *
   * @param name silu, gelu, gelu_pytorch_tanh, relu or tanh; silu by default
   * @return this
   */
  DecoderBuilder defaultActivation(String name);

  /**
   * Sets whether the output matrix is the embedding matrix where {@code tie_word_embeddings} is
   * absent.
   *
   * @param tied whether it is; false by default
   * @return this
   */
  DecoderBuilder defaultTiedEmbeddings(boolean tied);

  /**
   * Sets the base of the rotary frequencies where {@code rope_theta} is absent.
   *
   * @param base above 0; 10,000 by default
   * @return this
   */
  DecoderBuilder defaultRotaryBase(double base);

  /**
   * Sets the width of a head where {@code head_dim} is absent.
   *
   * @param width even; by default {@code hidden_size / num_attention_heads}
   * @return this
   */
  DecoderBuilder defaultHeadSize(int width);

  /**
   * Sets which projections of attention have biases.
   *
   * @param queryKeyValue whether those of queries, keys and values do
   * @param output whether that of the output does; by default {@code attention_bias} decides both
   * @return this
   */
  DecoderBuilder attentionBias(boolean queryKeyValue, boolean output);

  /**
   * Sets whether the projections of the MLP have biases.
   *
   * @param bias whether they do; by default {@code mlp_bias} decides
   * @return this
   */
  DecoderBuilder mlpBias(boolean bias);

  /**
   * Reads queries, keys and values from one stored {@code qkv_proj}, gate and up from one {@code
   * gate_up_proj}.
   *
   * @return this
   */
  DecoderBuilder fusedProjections();

  /**
   * Sets where a layer has its norms.
   *
   * @param where before by default
   * @return this
   */
  DecoderBuilder norms(Norms where);

  /**
   * Sets what is added to the weights of norms, which are stored as differences from it.
   *
   * @param offset 0 by default; 1 in Gemma
   * @return this
   */
  DecoderBuilder normOffset(double offset);

  /**
   * Sets what is normalized of queries and keys.
   *
   * @param kind nothing by default
   * @return this
   */
  DecoderBuilder queryKeyNorms(QueryKeyNorms kind);

  /**
   * Multiplies embeddings.
   *
   * @param factor 1 by default
   * @return this
   */
  DecoderBuilder embeddingScale(double factor);

  /**
   * Multiplies the scores of attention.
   *
   * @param factor above 0; by default 1 / sqrt(width of a head)
   * @return this
   */
  DecoderBuilder attentionScale(double factor);

  /**
   * Multiplies what attention and MLP add to the residual stream.
   *
   * @param factor 1 by default
   * @return this
   */
  DecoderBuilder residualScale(double factor);

  /**
   * Multiplies logits.
   *
   * @param factor 1 by default
   * @return this
   */
  DecoderBuilder logitScale(double factor);

  /**
   * Keeps the scores of attention within a range: cap * tanh(score / cap).
   *
   * @param cap above 0; 0, the default, for none
   * @return this
   */
  DecoderBuilder attentionSoftCap(double cap);

  /**
   * Keeps logits within a range: cap * tanh(logit / cap).
   *
   * @param cap above 0; 0, the default, for none
   * @return this
   */
  DecoderBuilder logitSoftCap(double cap);

  /**
   * Limits attention to the newest tokens.
   *
   * @param tokens how many each layer sees, the own included; 0, the default, for all
   * @return this
   */
  DecoderBuilder window(IntUnaryOperator tokens);

  /**
   * Gives some layers rotary frequencies of another base, without scaling, as the local layers of
   * Gemma 3.
   *
   * @param base above 0
   * @param layers which
   * @return this
   */
  DecoderBuilder localRotaryBase(double base, IntPredicate layers);

  /**
   * Leaves some layers without rotary positions, as every fourth of SmolLM3.
   *
   * @param layers which; none by default
   * @return this
   */
  DecoderBuilder withoutRotary(IntPredicate layers);
}
