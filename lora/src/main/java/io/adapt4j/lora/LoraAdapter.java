package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.nn.WeightMechanics;
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
    return new LoraAdapter(folder, PeftFolder.readConfig(folder), false);
  }

  /**
   * The base the adapter says it was trained on.
   *
   * @return a folder or a hub name
   */
  public Optional<String> base() {
    return Optional.ofNullable(config.source().path("base_model_name_or_path").textValue());
  }

  /** Returns the name of the folder. */
  @Override
  public String name() {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? "adapter" : last.toString();
  }

  AdapterConfig config() {
    return config;
  }

  /** Every module's factors; the tensors belong to the open scope. */
  Map<String, StoredLoraMatrices> factors() {
    return StoredLoraMatrices.read(folder, config);
  }

  /**
   * Lets the adapter be used with another chat template than it was trained in. Answers may then be
   * worse, as the model meets words around messages that it has not learned.
   *
   * @return a changed copy
   */
  public LoraAdapter withAnyChatTemplate() {
    return new LoraAdapter(folder, config, true);
  }

  Path folder() {
    return folder;
  }

  /** Whether it may be used with another chat template than it was trained in. */
  boolean anyChatTemplate() {
    return anyChatTemplate;
  }

  /**
   * Writes the base with this adapter merged in as a plain Hugging Face checkpoint, in the base's
   * stored type. An embedding model is written as a sentence-transformers folder, with the base's
   * modules, or, where it has none, with those it was trained with: the mean over tokens, scaled to
   * length 1. The sum is computed in fp32 from the stored weights and rounded once. Holds the whole
   * model in fp32 meanwhile.
   *
   * <p>An adapter that was trained over weights in 4 bits was fitted to these: merged into the
   * stored ones, the model differs from the trained one by what quantizing had changed. {@link
   * #writeMerged(Path, WeightFormat, Path)} merges into what it was trained over.
   *
   * @param base the base model's folder
   * @param output where to write; created if absent, not the base's own folder
   * @throws CheckpointException if base or adapter cannot be read, or do not fit
   * @throws IllegalArgumentException if output is the base's folder
   */
  public void writeMerged(Path base, Path output) {
    writeMerged(base, WeightFormat.asStored(), output);
  }

  /**
   * Writes the base with this adapter merged in, as {@link #writeMerged(Path, Path)} does, but into
   * the weights that a format makes of the base's: what the adapter was trained over in 4 bits,
   * restored. The written model computes what the trained one did, to rounding.
   *
   * @param base the base model's folder, with plain weights
   * @param weights how the base's weights were held
   * @param output where to write; created if absent, not the base's own folder
   * @throws CheckpointException if base or adapter cannot be read, or do not fit
   * @throws IllegalArgumentException if output is the base's folder
   */
  public void writeMerged(Path base, WeightFormat weights, Path output) {
    new LoraAdapterMechanics(this).writeMerged(base, WeightMechanics.of(weights), output);
  }
}
