package io.adapt4j.verification.golden;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.Networks;
import io.adapt4j.verification.internal.TemporaryFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Checks that a model saved in one file and in shards has the same logits after reloading. */
final class RoundTripCheck {

  /** Approximate number of shards. */
  private static final int SHARDS = 3;

  private RoundTripCheck() {}

  static void run(GoldenFolder golden) throws IOException {
    Batch batch = golden.batch("", "");
    if (Networks.isMx(GoldenFolder.json(golden.path(), ModelConfig.FILE))) {
      asStored(golden, batch);
      return;
    }
    try (Network network = Networks.load(golden.path(), DType.F32);
        TemporaryFolder folder = TemporaryFolder.create()) {
      float[] expected = Networks.logits(network, batch);
      List<TensorData> tensors = Weights.tensors(network, storedType(golden.path()));
      Path single = folder.path().resolve("single");
      CheckpointFolder.write(single, golden.path(), network.modelConfig(), tensors);
      compare("logits after save and load", single, batch, expected, golden);
      Path sharded = folder.path().resolve("sharded");
      Files.createDirectories(sharded);
      long bytes = tensors.stream().mapToLong(TensorData::length).sum();
      SafetensorsWriter.create().withMaxShardBytes(bytes / SHARDS).writeModel(sharded, tensors);
      network.modelConfig().save(sharded);
      if (!Files.exists(sharded.resolve(Checkpoint.INDEX_FILE))) {
        throw new GoldenException("expected shards, found one file");
      }
      compare("logits after sharded save and load", sharded, batch, expected, golden);
    }
  }

  /** Checks that 4-bit weights are written again with the same bytes. */
  private static void asStored(GoldenFolder golden, Batch batch) throws IOException {
    Path saved;
    try (Network stored = Networks.load(golden.path(), DType.F32);
        Network plain = Networks.loadPlain(golden.path(), DType.F32);
        TemporaryFolder folder = TemporaryFolder.create()) {
      float[] expected = Networks.logits(stored, batch);
      golden.compared(
          "logits of dequantized weights",
          Deviation.of(Networks.logits(plain, batch), expected, 0));
      saved = folder.path().resolve("saved");
      CheckpointFolder.write(saved, golden.path(), plain.modelConfig(), plain, StoredType.BF16);
      compare("logits after save and load", saved, batch, expected, golden);
      try (Checkpoint found = Checkpoint.openFile(saved.resolve(Checkpoint.SINGLE_FILE));
          Checkpoint wanted = Checkpoint.openFile(golden.path().resolve(Checkpoint.SINGLE_FILE))) {
        long different =
            wanted.names().stream()
                .filter(
                    name ->
                        !found.names().contains(name)
                            || !found.bytes(name).equals(wanted.bytes(name)))
                .count();
        golden.compared("tensors after save", Deviation.of((double) different, 0, 0));
      }
    }
  }

  private static void compare(
      String quantity, Path folder, Batch batch, float[] expected, GoldenFolder golden) {
    try (Network loaded = Networks.load(folder, DType.F32)) {
      float[] found = Networks.logits(loaded, batch);
      golden.compared(quantity, Deviation.of(found, expected, 0));
    }
  }

  /** Returns the type of the stored weights; fp32 if they differ. */
  private static StoredType storedType(Path model) {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      List<StoredType> types =
          checkpoint.names().stream()
              .map(name -> checkpoint.entry(name).type())
              .distinct()
              .toList();
      return types.size() == 1 ? types.get(0) : StoredType.F32;
    }
  }
}
