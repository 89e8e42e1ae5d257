package io.adapt4j.core.spi;

import java.util.Set;

/**
 * A family of decoders built like Llama (Touvron et al. 2023): it turns the fields of {@code
 * config.json} into the structure of a network. Loading, generation, training, adapters and
 * planning then support it like any other family.
 *
 * <p>Families are found by {@link java.util.ServiceLoader}: name the class in {@code
 * META-INF/services/io.adapt4j.core.spi.ModelFamily}. It needs a public constructor without
 * arguments, has no state, and may be called on several threads.
 *
 * <p>Tensors have Llama's names: {@code model.embed_tokens.weight}, {@code
 * model.layers.0.self_attn.q_proj.weight} and so on. A checkpoint with other names is refused with
 * a list of the missing and the unknown ones.
 */
public interface ModelFamily {

  /**
   * Returns the model types of this family.
   *
   * @return values of {@code model_type}, at least one, none of which another family has
   */
  Set<String> modelTypes();

  /**
   * Returns the fields that this family reads although they do not show in the tensors and change
   * the computation, such as {@code sliding_window} or {@code logits_scaling}. A configuration that
   * sets such a field is refused by families that do not list it here.
   *
   * @return names of fields; none by default
   */
  default Set<String> features() {
    return Set.of();
  }

  /**
   * Declares the network that a configuration describes.
   *
   * @param config a configuration of this family
   * @param decoder differences from Llama; without a call it is Llama
   */
  void declare(ConfigFields config, DecoderBuilder decoder);
}
