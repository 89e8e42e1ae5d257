package io.adapt4j.qlora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.model.Precision;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.JavaKernels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Converts checkpoint folders to and from the 4-bit layout of bitsandbytes, as Transformers saves
 * and loads it. Both directions stream: no tensor is ever entirely in memory in its original type.
 * The tokenizer and generation files are copied.
 *
 * <p>Checkpoints that store linear weights transposed (GPT-2) are rejected.
 */
public final class QuantizedCheckpoint {

  private static final FourBitKernels KERNELS = JavaKernels.INSTANCE;
  private static final Set<String> TRANSPOSED = Set.of("gpt2");

  private QuantizedCheckpoint() {}

  /**
   * Writes a 4-bit checkpoint as a plain one, with each weight in its type before quantization.
   *
   * @param folder a checkpoint with {@code quantization_config}
   * @param target the output folder; must differ from {@code folder}
   * @throws CheckpointException if the checkpoint is not a 4-bit one of bitsandbytes, or if a
   *     tensor is missing or inconsistent, or writing fails; the message names file, tensor and
   *     field
   * @throws IllegalArgumentException if the folders are the same
   * @throws UncheckedIOException if a small file cannot be written
   */
  public static void dequantize(Path folder, Path target) {
    dequantize(folder, target, QuantState::original, Function.identity());
  }

  /**
   * Writes a 4-bit checkpoint as a plain one with its dequantized weights in one type; other
   * tensors are unchanged.
   *
   * @param precision FP32, which is exact, BF16 or FP16
   * @throws CheckpointException if the checkpoint is not a 4-bit one of bitsandbytes, or if a
   *     tensor is missing or inconsistent, or writing fails; the message names file, tensor and
   *     field
   * @throws IllegalArgumentException if the folders are the same, or the type is unsupported
   * @throws UncheckedIOException if a small file cannot be written
   */
  public static void dequantize(Path folder, Path target, Precision precision) {
    StoredType type =
        switch (precision) {
          case FP32 -> StoredType.F32;
          case BF16 -> StoredType.BF16;
          case FP16 -> StoredType.F16;
          case AUTO ->
              throw new IllegalArgumentException(
                  "precision: expected FP32, FP16 or BF16, found AUTO");
        };
    dequantize(folder, target, state -> type, config -> config.withDtype(type));
  }

  private static void dequantize(
      Path folder,
      Path target,
      Function<QuantState, StoredType> type,
      Function<ModelConfig, ModelConfig> change) {
    requireOther(folder, target);
    ConfigReader stored = ConfigReader.read(folder.resolve(ModelConfig.FILE));
    QuantizationConfig.check(stored);
    ObjectNode plain = stored.json();
    plain.remove(QuantizationConfig.FIELD);
    ModelConfig config = change.apply(ModelConfig.parse(stored.file(), Json.compact(plain)));
    requireUntransposed(config);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      FourBitReader reader = new FourBitReader(checkpoint);
      Set<String> weights = reader.weights();
      List<TensorData> tensors = new ArrayList<>();
      for (String name : checkpoint.names()) {
        if (weights.contains(name)) {
          StoredType storedType = type.apply(reader.state(name));
          tensors.add(PlainWeights.dequantized(reader, name, storedType, KERNELS));
        } else if (ComponentNames.weightOf(name).isEmpty()) {
          tensors.add(PlainWeights.copy(checkpoint, name));
        }
      }
      CheckpointFolder.write(target, folder, config, tensors);
    }
  }

  /**
   * Quantizes the linear layers of a decoder to 4 bits, in a folder that Transformers loads with
   * bitsandbytes. Embeddings, norms, biases, the output layer and the skipped modules are
   * unchanged.
   *
   * @param folder a plain checkpoint of a decoder
   * @param target the output folder; must differ from {@code folder}
   * @param options the quantization, with the modules to skip
   * @throws CheckpointException if the model is not a decoder of a known family, or is quantized
   *     already, or if weights do not fit the configuration, one is NaN or infinite, or reading or
   *     writing fails; the message names file, tensor and index
   * @throws IllegalArgumentException if the folders are the same, a module to skip is missing, or
   *     {@code options} are 8 bits
   * @throws UncheckedIOException if a small file cannot be written
   */
  public static void quantize(Path folder, Path target, Quantization options) {
    requireOther(folder, target);
    FourBitFormat format = options.format();
    ModelConfig config = ModelConfig.read(folder);
    requireUntransposed(config);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Set<String> weights = LinearNames.weights(config, checkpoint, options);
      FourBitWriter writer = new FourBitWriter(checkpoint, format, KERNELS);
      List<TensorData> tensors = new ArrayList<>();
      Set<String> plainModules = new TreeSet<>(Set.of("lm_head"));
      for (String name : checkpoint.names()) {
        if (weights.contains(name)) {
          tensors.addAll(writer.tensors(name));
        } else {
          tensors.add(PlainWeights.copy(checkpoint, name));
          if (isMatrixOfModule(checkpoint, name)) {
            plainModules.add(name.substring(0, name.length() - ".weight".length()));
          }
        }
      }
      ObjectNode json = config.toJson();
      json.set(
          QuantizationConfig.FIELD,
          QuantizationConfig.of(
              format,
              computeType(checkpoint, weights),
              options.skipped().isEmpty() ? Set.of() : plainModules));
      CheckpointFolder.write(target, folder, json, tensors);
    }
  }

  private static boolean isMatrixOfModule(Checkpoint checkpoint, String name) {
    return name.endsWith(".weight") && checkpoint.entry(name).shape().size() == 2;
  }

  private static StoredType computeType(Checkpoint checkpoint, Set<String> weights) {
    return weights.stream()
        .findFirst()
        .map(name -> checkpoint.entry(name).type())
        .orElse(StoredType.F32);
  }

  private static void requireUntransposed(ModelConfig config) {
    if (TRANSPOSED.contains(config.modelType())) {
      throw config
          .fields()
          .invalid(
              "model_type",
              "a family whose linear layers are stored [outputs, inputs]",
              "4-bit weights of this family are not supported.");
    }
  }

  private static void requireOther(Path folder, Path target) {
    try {
      if (Files.exists(target) && Files.isSameFile(folder, target)) {
        throw new IllegalArgumentException(
            "target: expected another folder than the checkpoint's, found " + target);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Looking at " + target + " failed", e);
    }
  }
}
