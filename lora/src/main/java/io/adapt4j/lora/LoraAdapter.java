package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A LoRA adapter in a PEFT folder. Immutable; weights are read when it is attached. */
public final class LoraAdapter implements Adapter {

  private final Path folder;
  private final AdapterConfig config;
  private final boolean anyChatTemplate;

  private LoraAdapter(Path folder, AdapterConfig config, boolean anyChatTemplate) {
    this.folder = folder;
    this.config = config;
    this.anyChatTemplate = anyChatTemplate;
  }

  /**
   * Reads an adapter's configuration.
   *
   * @param folder holds {@code adapter_config.json} and {@code adapter_model.safetensors}
   * @return the adapter
   * @throws CheckpointException if the configuration is missing, malformed, or asks for something
   *     unsupported; the message names the field
   */
  public static LoraAdapter at(Path folder) {
    Texts.require("folder", folder);
    return new LoraAdapter(folder, LoraFields.read(folder), false);
  }

  /**
   * Returns the base model stated in the adapter.
   *
   * @return a folder or a hub name
   */
  public Optional<String> base() {
    return Optional.ofNullable(config.source().path("base_model_name_or_path").textValue());
  }

  /** Returns the name of the folder. */
  @Override
  public String name() {
    return Adapter.at(folder).name();
  }

  AdapterConfig config() {
    return config;
  }

  /** Returns the A and B matrices of each module; the tensors belong to the open scope. */
  Map<String, StoredLoraMatrices> factors() {
    return StoredLoraMatrices.read(folder, config);
  }

  /**
   * Allows a chat template other than the one used in training. Answers may be worse, as the model
   * sees unfamiliar markup around messages.
   *
   * @return a changed copy
   */
  public LoraAdapter withAnyChatTemplate() {
    return new LoraAdapter(folder, config, true);
  }

  Path folder() {
    return folder;
  }

  /** Returns whether a chat template other than the one used in training is allowed. */
  boolean anyChatTemplate() {
    return anyChatTemplate;
  }

  /**
   * Writes the base with this adapter merged in as a plain Hugging Face checkpoint, in the base's
   * stored type. An embedding model is written as a sentence-transformers folder, with the base's
   * modules or, if it has none, those used in training: mean pooling and L2 normalization. The sum
   * is computed in fp32 from the stored weights and rounded once. Needs memory for the whole model
   * in fp32.
   *
   * <p>An adapter trained over 4-bit weights is fitted to these: merged into the original ones, the
   * model differs from the trained one by the quantization error. {@link #writeMerged(Path,
   * WeightFormat, Path)} merges into the dequantized weights instead.
   *
   * @param base the base model's folder
   * @param output output folder; created if absent, not the base's own folder
   * @throws CheckpointException if base or adapter cannot be read, or they do not match
   * @throws IllegalArgumentException if output is the base's folder
   */
  public void writeMerged(Path base, Path output) {
    writeMerged(base, WeightFormat.asStored(), output);
  }

  /**
   * Writes the base with this adapter merged in, like {@link #writeMerged(Path, Path)}, but into
   * the base's weights quantized to a format and dequantized, as in training over 4 bits. The
   * written model equals the trained one up to rounding.
   *
   * @param base the base model's folder, with plain weights
   * @param weights format of the base's weights in training
   * @throws CheckpointException if base or adapter cannot be read, or they do not match
   * @throws IllegalArgumentException if output is the base's folder
   */
  public void writeMerged(Path base, WeightFormat weights, Path output) {
    new LoraAdapterMechanics(this).writeMerged(base, WeightMechanics.of(weights), output);
  }
}
