package io.adapt4j.gguf;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.write.AdapterTensors;
import io.adapt4j.gguf.internal.write.GeneralMetadata;
import io.adapt4j.gguf.internal.write.ModelWeights;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Exports a LoRA adapter as a separate GGUF file, loaded along with its base by {@code llama-server
 * --lora}.
 *
 * <p>Such a file holds a single alpha, divided by each matrix's rank. Rank-stabilized scaling and
 * per-module alphas are therefore folded into the B matrices, and an adapter initialized from the
 * base's weights gets twice its rank. The format cannot hold DoRA, (IA)3, trained biases or fully
 * saved modules; merge such an adapter with {@link GgufExport}.
 *
 * <p>Not thread-safe.
 */
public final class GgufAdapter {

  private final ModelSource base;
  private final Adapter adapter;
  private GgufQuantization type = GgufQuantization.F16;
  private Optional<String> name = Optional.empty();
  private OptionalInt contextLength = OptionalInt.empty();

  private GgufAdapter(ModelSource base, Adapter adapter) {
    this.base = base;
    this.adapter = adapter;
  }

  /**
   * Begins an export.
   *
   * @param base the model that the adapter was trained on
   * @param adapter the adapter
   * @return the export, of type F16
   */
  public static GgufAdapter of(ModelSource base, Adapter adapter) {
    return new GgufAdapter(
        Objects.requireNonNull(base, "base"), Objects.requireNonNull(adapter, "adapter"));
  }

  /**
   * Sets the type of the stored matrices.
   *
   * @param quantization F32, F16, BF16 or Q8_0
   * @throws IllegalArgumentException if it is a type of fewer bits
   */
  public GgufAdapter type(GgufQuantization quantization) {
    if (!quantization.isConverted()) {
      throw new IllegalArgumentException(
          "type: expected F32, F16, BF16 or Q8_0 for an adapter, found " + quantization);
    }
    type = quantization;
    return this;
  }

  /**
   * Sets the adapter's name. Defaults to the name of its folder.
   *
   * @param adapterName the name, written as {@code general.name}
   */
  public GgufAdapter name(String adapterName) {
    name = Optional.of(adapterName);
    return this;
  }

  /**
   * Sets the context length that base and adapter are used with. If llama.cpp ignores the base's
   * sliding window, the adapter can only be exported with a context no longer than that window.
   *
   * @param tokens maximum number of tokens, at least 1
   */
  public GgufAdapter contextLength(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("contextLength: expected at least 1, found " + tokens);
    }
    contextLength = OptionalInt.of(tokens);
    return this;
  }

  /**
   * Writes the file.
   *
   * @param file the file to create or replace; missing folders are created
   * @throws CheckpointException if base or adapter cannot be read, they do not match, or the
   *     adapter holds more than low-rank updates
   * @throws io.adapt4j.gguf.format.GgufException if writing fails; an existing file is unchanged
   *     then
   */
  public void to(Path file) {
    try (ModelWeights weights =
        ModelWeights.open(base.folder(), Optional.of(AdapterMechanics.of(adapter)))) {
      GgufFamily family = Families.of(weights.config());
      family.requireSupported(family.facts(weights.config(), contextLength));
      if (family.mergesAdapters()) {
        throw weights
            .config()
            .fields()
            .invalid(
                "model_type",
                "a family whose matrices llama.cpp all adds adapters to",
                "Merge the adapter instead: GgufExport with adapter(...) writes the merged model.");
      }
      LayerMerge merge = weights.merge().orElseThrow();
      merge
          .moreThanProducts()
          .ifPresent(
              more -> {
                throw new CheckpointException(
                    "The adapter '"
                        + adapter.name()
                        + "' has "
                        + more
                        + ", which a GGUF adapter cannot hold. Merge it instead: GgufExport with"
                        + " adapter(...) writes the merged model.");
              });
      GgufMetadata.Builder metadata = GgufMetadata.builder();
      metadata.string("general.architecture", family.architecture());
      metadata.string("general.type", "adapter");
      metadata.string("adapter.type", "lora");
      metadata.string("general.name", name.orElseGet(() -> GeneralMetadata.title(adapter.name())));
      metadata.float32("adapter.lora.alpha", (float) merge.alpha());
      metadata.uint32("general.quantization_version", 2);
      GgufWriter.write(file, metadata.build(), AdapterTensors.of(weights, family, type.base()));
    }
  }
}
